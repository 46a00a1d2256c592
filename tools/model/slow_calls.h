/*
 * The slow calls of a profile, and the operations that they make.
 *
 * One slow request leaves an event for every function around it, from the main loop to
 * the leaf. Calls of one thread that lie within each other are one operation, so that the
 * worst operations can be listed, and not the same one ten times. What belongs to an
 * operation and what is one of its own is decided here.
 */
#ifndef DP_TOOLS_SLOW_CALLS_H
#define DP_TOOLS_SLOW_CALLS_H

#include "profile.h"

/* A profile keeps the longest of more slow calls than this. */
#define DP_SLOW_MOST 200000

/* Adds what a `slow_operation` record says. The stream that reports calls in flight
 * must be read before the lanes' streams, which report their ends. A stream's records
 * come in their order: of two calls that end in one moment the inner one is first. */
void dp_slow_call_add(struct dp_profile *profile, const struct dp_record *record);

/* Keeps one report of each call: the last or the longest. Call it after the last record and
 * before reading the calls. */
void dp_slow_calls_settle(struct dp_profile *profile);

#endif
