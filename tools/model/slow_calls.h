/*
 * The slow calls of a profile: the worst of them, one entry a call, and how many
 * left an event.
 */
#ifndef DP_TOOLS_SLOW_CALLS_H
#define DP_TOOLS_SLOW_CALLS_H

#include "profile.h"

/* Adds what a `slow_operation` record says. The stream that reports calls in flight
 * must be read before the lanes' streams, which report their ends. */
void dp_slow_call_add(struct dp_profile *profile, const struct dp_record *record);

#endif
