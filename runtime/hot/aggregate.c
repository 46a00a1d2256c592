/* See aggregate.h. */
#include "aggregate.h"

#include "base/clock.h"

/* Without the pause every call that finds no aggregates would make system calls that fail. */
uint64_t dp_stats_ask(dp_out_function *make, struct dp_lane *lane, uintptr_t b, uintptr_t c)
{
    if (lane->retry_stats_ns && dp_now_ns() < lane->retry_stats_ns) {
        lane->state->lost[DP_LOSS_AGGREGATES]++;
        return 0;
    }
    return dp_call_out(make, lane, b, c);
}
