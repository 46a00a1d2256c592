/*
 * What a running process did between two looks at its state.
 *
 * Used by `top --last`. The sums of a process only grow, so the earlier ones are subtracted from
 * the later ones.
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

/* Changes the profile to what happened since then; `shown_ns` becomes the time between. The
 * shortest and the longest call are taken from the histogram, which is exact to 0.8 %. */
void dp_since_subtract(const struct dp_since *since, struct dp_profile *profile);

/* Sums that only grow: takes `what` off, which is an earlier look at the same ones. */
void dp_totals_subtract(struct dp_totals *from, const struct dp_totals *what);
/* Sets the shortest and the longest call by the histograms. */
void dp_totals_bound(struct dp_totals *totals);

void dp_since_finish(struct dp_since *since);

#endif
