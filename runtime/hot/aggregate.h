/*
 * The hot side of the aggregates (thread/stats.h): plain stores by the lane's owner.
 * Under the same rules as enter.c.
 */
#ifndef DP_AGGREGATE_H
#define DP_AGGREGATE_H

#include "arch/call_out.h"
#include "base/compiler.h"
#include "common/aggregate.h"
#include "thread/stats.h"

/* Calls dp_stats_make or dp_stats_make_part, unless there was no room a moment ago. */
uint64_t dp_stats_ask(dp_out_function *make, struct dp_lane *lane, uintptr_t b, uintptr_t c);

/* NULL: no room. */
static inline struct dp_site_stats *dp_stats_of(struct dp_lane *lane, uint32_t index)
{
    struct dp_site_stats *stats = lane->stats[index];
    if (DP_LIKELY(stats != NULL))
        return stats;
    return (struct dp_site_stats *)dp_stats_ask(dp_stats_make, lane, index, 0);
}

/* The offset in the word `entry` of the lane's arena; made when it is 0. 0: no room. */
static inline uint64_t dp_stats_part(struct dp_lane *lane, uint32_t *entry, uintptr_t bytes)
{
    if (DP_LIKELY(*entry != 0))
        return *entry;
    return dp_stats_ask(dp_stats_make_part, lane,
                        (uintptr_t)((char *)entry - (char *)lane->state), bytes);
}

/* In one of the histograms of the lane's arena. */
static inline void dp_stats_add_to(struct dp_lane *lane, uint32_t blocks[DP_HISTOGRAM_BLOCKS],
                                   uint64_t duration_ns)
{
    uint32_t block = dp_histogram_block(duration_ns);
    uint64_t offset = dp_stats_part(lane, &blocks[block], DP_HISTOGRAM_SUB * sizeof(uint32_t));
    if (DP_UNLIKELY(offset == 0))
        return;
    uint32_t *slots = dp_lane_pointer(lane->state, offset);
    uint32_t *slot = &slots[dp_histogram_slot(duration_ns, block)];
    if (DP_LIKELY(*slot != UINT32_MAX)) /* full after hours of one call a microsecond */
        ++*slot;
}

static inline void dp_stats_add_duration(struct dp_lane *lane, struct dp_site_stats *stats,
                                         uint64_t duration_ns)
{
    dp_stats_add_to(lane, stats->blocks, duration_ns);
}

/* A slow call, whose duration is known within bounds. */
void dp_stats_add_slow(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t least_ns,
                       uint64_t most_ns);

/*
 * Recursion: of calls of a site that are open inside each other on one thread, the outermost
 * has the time of all. stats->outermost is the index of its frame. That is only true while this
 * frame is below the top, open and of this site, which is checked here; so nothing has to be
 * done where a call ends, however that happens.
 */
static inline void dp_stats_note_open(struct dp_lane *lane, uint32_t index, uint64_t depth)
{
    struct dp_site_stats *stats = lane->stats[index];
    if (DP_UNLIKELY(!stats))
        return; /* see dp_stats_is_nested() */
    uint64_t outermost = stats->outermost;
    const struct dp_lane_frame *frames = lane->state->frames;
    if (outermost < depth && frames[outermost].site == index &&
        !(frames[outermost].start_ns & DP_FRAME_ENDED))
        return;
    stats->outermost = depth;
}

bool dp_stats_find_outermost(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t depth);

/* The call of frame `depth`, which ends, was inside another one of its site. */
static inline bool dp_stats_is_nested(struct dp_lane *lane, struct dp_site_stats *stats,
                                      uint64_t depth)
{
    if (DP_LIKELY(stats->outermost == depth))
        return false;
    return stats->outermost != DP_OUTERMOST_UNKNOWN ||
           dp_stats_find_outermost(lane, stats, depth);
}

/* The call counts `more` times again, for calls that its site's gate did not see: it is open in
 * a share of the time only (steward/governor.h). */
void dp_stats_add_copies(struct dp_lane *lane, struct dp_site_stats *stats, uint64_t more,
                         uint64_t duration_ns, uint64_t child_ns);

/* A call of the population that aggregates describe. */
static inline void dp_stats_add_call(struct dp_lane *lane, struct dp_site_stats *stats,
                                     const struct dp_population *population,
                                     uint64_t duration_ns, uint64_t child_ns)
{
    uint64_t own_child_ns = child_ns < duration_ns ? child_ns : duration_ns;
    stats->sampled++;
    stats->estimated += population->estimated;
    if (DP_LIKELY(population->variance)) /* 0: the shortest way */
        dp_variance_add(stats, population->variance, population->variance_high);
    stats->total_ns += duration_ns;
    stats->child_ns += own_child_ns;
    if (duration_ns > stats->max_ns)
        stats->max_ns = duration_ns;
    if (duration_ns < stats->min_ns)
        stats->min_ns = duration_ns;
    dp_stats_add_duration(lane, stats, duration_ns);
    if (DP_UNLIKELY(population->copies > 1))
        dp_stats_add_copies(lane, stats, population->copies - 1, duration_ns, own_child_ns);
}

#endif
