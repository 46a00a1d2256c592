/* See aggregate.h. */
#include "aggregate.h"

#include "base/clock.h"

/* The site's first call of this thread: its aggregates came after its calls had begun. */
bool dp_stats_find_outermost(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t depth)
{
    uint64_t i = 0;
    while (i < depth && (lane->state->frames[i].site != stats->site ||
                         lane->state->frames[i].start_ns & DP_FRAME_ENDED))
        i++;
    stats->outermost = i;
    return i < depth;
}

void dp_stats_add_copies(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t more,
                         uint64_t duration_ns, uint64_t child_ns)
{
    uint32_t block = dp_histogram_block(duration_ns);
    uint64_t offset = stats->blocks[block];
    stats->more_copies += more;
    stats->total_ns += more * duration_ns;
    stats->child_ns += more * child_ns;
    if (!offset)
        return; /* no room for it: counted by dp_stats_add_duration() */
    uint32_t *slots = dp_lane_pointer(lane->state, offset);
    uint32_t *slot = &slots[dp_histogram_slot(duration_ns, block)];
    *slot = more < UINT32_MAX - *slot ? *slot + (uint32_t)more : UINT32_MAX;
}

/* Without the pause every call that finds no aggregates would make system calls that fail. */
uint64_t dp_stats_ask(dp_out_function *make, struct dp_lane *lane, uintptr_t b, uintptr_t c)
{
    if (lane->retry_stats_ns && dp_now_ns() < lane->retry_stats_ns) {
        lane->state->lost[DP_LOSS_AGGREGATES]++;
        return 0;
    }
    return dp_call_out(make, lane, b, c);
}

void dp_stats_add_slow(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t least_ns,
                       uint64_t most_ns)
{
    uint64_t offset = dp_stats_part(lane, &stats->slow_histograms, sizeof(struct dp_slow_histograms));
    if (!offset)
        return;
    struct dp_slow_histograms *slow = dp_lane_pointer(lane->state, offset);
    dp_stats_add_to(lane, slow->least, least_ns);
    dp_stats_add_to(lane, slow->most, most_ns);
}
