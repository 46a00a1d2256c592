/* See threshold.h. */
#include "threshold.h"

uint64_t dp_tick_period_for(uint64_t threshold_ns, uint64_t longest_ns)
{
    const uint64_t fine = 1000000;
    uint64_t wanted = threshold_ns / 64;
    if (wanted < fine)
        wanted = threshold_ns / 16 < fine ? threshold_ns / 16 : fine;
    if (wanted >= longest_ns)
        return longest_ns;
    return wanted < DP_SHORTEST_TICK_NS ? DP_SHORTEST_TICK_NS : wanted;
}

uint64_t dp_slow_after(uint64_t threshold_ns)
{
    return threshold_ns / 2;
}
