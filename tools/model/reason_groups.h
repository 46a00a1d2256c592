/*
 * Groups slow calls by their reason: many slow calls have few different reasons.
 */
#ifndef DP_TOOLS_REASON_GROUPS_H
#define DP_TOOLS_REASON_GROUPS_H

#include "reasons.h"
#include "profile.h"

/* Calls of one function with the same reason: most time went into the same state, in the same
 * function, with the same wait, and with the lock's holder in the same function. */
struct dp_reason_group {
    const struct dp_slow_call *call; /* the longest of them */
    struct dp_reason reason;         /* its own */
    uint64_t calls;
    uint64_t in_flight; /* of the calls: had not returned */
    uint64_t shortest_ns;
};

struct dp_reason_groups {
    struct dp_reason_group *groups; /* the group with the longest call first */
    size_t n, capacity;
    uint64_t calls;   /* in all groups */
    uint64_t unknown; /* slow calls without a reason */
};

/* Groups all slow calls that the profile keeps. Points into the profile, whose stacks must have
 * names. The caller finishes it. */
void dp_reason_groups_make(struct dp_reason_groups *groups, const struct dp_profile *profile);
void dp_reason_groups_finish(struct dp_reason_groups *groups);

#endif
