/*
 * Aggregates: one dp_site_stats for each site in each lane, in the lane's mapped arena,
 * with a sparse log-linear histogram (state.h has the layout). They are made here, once for
 * each site and power of two; hot/aggregate.h adds to them.
 */
#ifndef DP_STATS_H
#define DP_STATS_H

#include "lane.h"

/* How many calls one timed call stands for, in 1/DP_WEIGHT_UNIT. */
struct dp_population {
    uint64_t estimated;     /* 1 / rate */
    uint64_t variance;      /* (1 - rate) / rate^2; 0: every call is timed */
    uint64_t variance_high; /* its upper 64 bits */
    uint64_t copies;        /* of the call in sums of times and in the histogram: 1/share */
};

/* dp_site_stats.outermost: the aggregates were not there when its open calls began. */
#define DP_OUTERMOST_UNKNOWN UINT64_MAX

/* Both are dp_out_functions: (lane, index) returns the site's aggregates; (lane, entry, bytes)
 * the offset of so many zeroed bytes, and stores it in the word at offset `entry`. 0 if the arena
 * is full (counted). */
uint64_t dp_stats_make(void *lane, uintptr_t index, uintptr_t unused);
uint64_t dp_stats_make_part(void *lane, uintptr_t entry, uintptr_t bytes);

static inline void *dp_lane_pointer(struct dp_lane_state *state, uint64_t offset)
{
    return (char *)state + offset;
}

#endif
