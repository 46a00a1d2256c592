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

/* Thresholds from this one on are judged by the tick. Shorter ones open the gate of every
 * call, which costs about what recording does. */
#define DP_BY_TICK_FROM_NS UINT64_C(1000000)

#define DP_SHORTEST_TICK_NS UINT64_C(500000)

/*
 * Tick period that serves a threshold: a 64th of it, or where that is less than 1 ms a
 * 16th, down to DP_SHORTEST_TICK_NS; at most `longest_ns` (DEEP_PROFILE_TICK). So of calls
 * near a threshold of 1 ms many only *may* have been slow, of calls of twice that none.
 */
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
