/*
 * What a running process did between two looks at its state.
 *
 * Used by `top --last`. The sums of a process only grow: those of an earlier look are taken
 * off those of a later one.
 */
#ifndef DP_TOOLS_SINCE_H
#define DP_TOOLS_SINCE_H

#include "profile.h"

struct dp_since {
    struct dp_totals *totals; /* by site index, copies */
    size_t n;
    uint64_t wall_ns; /* of the process, at that look */
};

/* `since` may be zeroed, or one that was taken before. */
void dp_since_take(struct dp_since *since, const struct dp_profile *profile);

/* Leaves in the profile what happened since then, and for how long in `shown_ns`. The
 * shortest and the longest call become those of the histogram (0.8 %). */
void dp_since_subtract(const struct dp_since *since, struct dp_profile *profile);

void dp_since_finish(struct dp_since *since);

#endif
