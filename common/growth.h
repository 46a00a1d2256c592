/*
 * Does something grow without end? By halves: the mean of the second half of the time over that
 * of the first; more than 10 % is growth, more than 20 % a leak. What fills up and then stays, or
 * goes up and down, is neither: growth counts only when each quarter of the time is above the one
 * before, and it does not slow down. Compiled by the runtime and by the tool. Pure, fixed size.
 */
#ifndef DP_COMMON_GROWTH_H
#define DP_COMMON_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#define DP_GROWTH_POINTS 64

/* The whole course in up to DP_GROWTH_POINTS points of equal length: when they are used up, two
 * become one. Zeroed, it has seen nothing. */
struct dp_growth {
    uint64_t from_ns, spacing_ns;
    uint32_t n; /* whole points */
    double points[DP_GROWTH_POINTS];
    double sum, weight; /* of the point that is under way */
};

/* The value of the time from now - interval to now. */
void dp_growth_add(struct dp_growth *growth, uint64_t now_ns, uint64_t interval_ns, double value);

/*
 * The growth in millionths of the first half's mean. 0: it does not grow without end; or there
 * are fewer than eight points, less than `least_ns` of time, or less than `least` more in the
 * last quarter than in the first.
 */
uint64_t dp_growth_judge(const struct dp_growth *growth, uint64_t least_ns, double least);

#endif
