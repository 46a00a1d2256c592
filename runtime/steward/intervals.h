/*
 * Intervals: what each site's aggregates grew by since the last time, as `interval` records, so
 * that a reader can tell what happened when. Steward only.
 *
 * Every lane has a shadow: a copy of the part of its arena that has been reported. What differs
 * from it is written, a few sites a tick. A lane that rests loses its shadow; when it is mapped
 * again, its sites' values are written instead of differences (DP_INTERVAL_ABSOLUTE).
 *
 * The records take a bounded part of the log: intervals grow longer with the process's age and
 * with what a round wrote. docs/reports.md has the figures.
 */
#ifndef DP_INTERVALS_H
#define DP_INTERVALS_H

#include <stdint.h>

struct dp_lane;

/* Before the steward runs; also in a forked child. */
void dp_intervals_init(uint64_t now);

/* Begins a round when it is time, or goes on with the one that is under way. */
void dp_intervals_round(uint64_t now);

/* The lane is about to be unmapped: writes what it has, and drops its shadow. */
void dp_intervals_lane_rests(struct dp_lane *lane);

#endif
