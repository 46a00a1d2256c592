/*
 * Thresholds that are judged by the tick. Used by the runtime when it decides about a site,
 * and by the tool when it says how exact its figures are.
 */
#ifndef DP_COMMON_THRESHOLD_H
#define DP_COMMON_THRESHOLD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Thresholds from this one on are judged by the tick. Shorter ones open the gate at every
 * call, which costs about as much as recording. */
#define DP_BY_TICK_FROM_NS UINT64_C(1000000)

#define DP_SHORTEST_TICK_NS UINT64_C(500000)

/*
 * The tick period that serves a threshold: a 64th of it, or, if that is below 1 ms, a 16th,
 * but not below DP_SHORTEST_TICK_NS; at most `longest_ns` (DEEP_PROFILE_TICK). So of calls
 * that last about 1 ms many are only *maybe* slow by a threshold of 1 ms; of calls that
 * last twice that, none.
 */
uint64_t dp_tick_period_for(uint64_t threshold_ns, uint64_t longest_ns);

/*
 * slow_after of such a site: half the threshold. The exit compares it with a tick that may
 * be late. So a slow call is judged even if the tick is late by up to half its threshold,
 * while few calls are judged that were not slow.
 */
uint64_t dp_slow_after(uint64_t threshold_ns);

#ifdef __cplusplus
}
#endif

#endif
