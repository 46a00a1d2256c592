/*
 * The steward: the one background thread. It advances the tick, looks at the
 * load, watches calls in flight and caps, feeds the JSON lines sink, keeps the
 * clock straight and writes the books. All signals blocked.
 */
#ifndef DP_STEWARD_H
#define DP_STEWARD_H

#include <stdint.h>

/* 0 or -errno. Also in a forked child. */
int dp_steward_start(void);
/* Stops it, after a last round. */
void dp_steward_stop(void);

/*
 * A threshold is judged by the tick when it is worth this many of the shortest
 * ones; shorter thresholds are judged by the exact clock. At 500 us the steward
 * takes about 0.6 % of a core, at 1 ms 0.3 %.
 */
#define DP_TICKS_PER_THRESHOLD 16
#define DP_SHORTEST_TICK_NS UINT64_C(500000)

/* Tick period that serves a threshold: DEEP_PROFILE_TICK or shorter. */
uint64_t dp_tick_period_for(uint64_t threshold_ns);

#endif
