/*
 * Thresholds that are judged by the tick: by the runtime when it decides a site, by the
 * tool when it says how exact its answers are.
 */
#ifndef DP_COMMON_THRESHOLD_H
#define DP_COMMON_THRESHOLD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Thresholds from DP_TICKS_PER_THRESHOLD times DP_SHORTEST_TICK_NS on are
 * judged by the tick, whose period follows the shortest of them: the steward
 * takes about 0.3 % of a core at 1 ms, 0.6 % at 500 us.
 */
#define DP_TICKS_PER_THRESHOLD 16
#define DP_SHORTEST_TICK_NS UINT64_C(500000)

/* Tick period that serves a threshold; longest: DEEP_PROFILE_TICK. */
uint64_t dp_tick_period_for(uint64_t threshold_ns, uint64_t longest_ns);

/*
 * slow_after of such a site: half the threshold. The exit compares it with a tick that may
 * be late. So a call that was slow is judged however late the tick is, up to half its
 * threshold; and few calls are judged that were not.
 */
uint64_t dp_slow_after(uint64_t threshold_ns);

#ifdef __cplusplus
}
#endif

#endif
