/*
 * The names that a program gives to its operations, gauges and kinds of messages. A name is a
 * site without code (sites.h): its index is found by its text, so that it need not be a literal.
 * At most DP_NAMES_MOST of them in a process; what comes under further ones is lost, and counted.
 *
 * Any thread finds names without a lock; a new one is registered once, under the lock of sites.
 */
#ifndef DP_NAMES_H
#define DP_NAMES_H

#include "deep_profile/abi/site.h"
#include "thread/lane.h"

#define DP_NAMES_MOST 4096

/* The index of `name`, which is one of DP_SITE_NAMED. 0: there is none; counted as lost. `lane` is
 * the calling thread's, and busy. NULL and "" are no names. */
uint32_t dp_name_index(struct dp_lane *lane, uint32_t named, const char *name);

#endif
