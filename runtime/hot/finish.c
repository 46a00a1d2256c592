/* See finish.h. */
#include "finish.h"

#include "aggregate.h"
#include "base/clock.h"
#include "base/due.h"
#include "base/tick.h"
#include "call_memory.h"
#include "in_flight_ids.h"
#include "record.h"
#include "sites/config.h"
#include "slow_id.h"
#include "thread/memory.h"
#include "trees.h"

static inline uint64_t positive(struct dp_lane *lane, uint64_t end, uint64_t start)
{
    if (DP_LIKELY(end >= start))
        return end - start;
    lane->state->lost[DP_LOSS_CLOCK_BACK]++;
    return 0;
}

void dp_count_call(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config)
{
    if (!config->always_open)
        return;
    struct dp_site_stats *stats = dp_stats_of(lane, index);
    if (!stats)
        return;
    stats->calls++;
    if (DP_UNLIKELY(config->population.copies > 1 && !config->always && !config->by_chance)) {
        stats->estimated += config->population.estimated; /* it is counted only */
        dp_variance_add(stats, config->population.variance, config->population.variance_high);
    }
}

static void emit_exception(struct dp_lane *lane, const struct dp_lane_frame *frame,
                           enum dp_left left, uint64_t now)
{
    struct dp_site_stats *stats = dp_stats_of(lane, frame->site);
    if (stats)
        stats->exceptions++;
    struct dp_event_exception *event = dp_record_begin(
        &lane->stream, DP_EVENT_ID_exception, sizeof *event, &now, lane->state->lost);
    if (!event)
        return;
    event->site = frame->site;
    event->kind = left;
    event->duration_ns = positive(lane, now, frame->start_ns);
    dp_record_commit(&lane->stream, event + 1, now);
}

static void emit_slow(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config,
                      uint64_t due, uint64_t duration_ns, uint64_t error_ns, uint64_t now)
{
    const struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_IF_SLOW];
    struct dp_site_stats *stats = dp_stats_of(lane, index);
    if (stats) {
        stats->slow++;
        stats->slow_total_ns += duration_ns;
        if (duration_ns > stats->slow_max_ns)
            stats->slow_max_ns = duration_ns;
        dp_stats_add_slow(lane, stats, duration_ns > error_ns ? duration_ns - error_ns : 0,
                          duration_ns + error_ns);
    }
    struct dp_slow_end end = {.end_ns = now,
                              .duration_ns = duration_ns,
                              .error_ns = error_ns,
                              .tid = lane->stream.tid};
    uint64_t id = dp_in_flight_take(index, due, &end);
    if (!id) /* every slow call takes a slow path or two */
        id = dp_slow_id(lane->index, index, due, lane->state->slow_paths);
    if (!probe->event || !dp_slow_chosen(id, probe->event_chance))
        return;
    /* A thread that took its lane just now, after its clock was read: the lane's
     * last thread may have written since. */
    if (now < lane->stream.last_ns)
        now = lane->stream.last_ns;
    struct dp_event_slow_operation *event = dp_record_begin(
        &lane->stream, DP_EVENT_ID_slow_operation, sizeof *event, &now, lane->state->lost);
    if (!event)
        return;
    event->site = index;
    event->tid = lane->stream.tid;
    event->id = id;
    event->flags = (error_ns ? 0 : DP_SLOW_EXACT) | (end.reported ? DP_SLOW_REPORTED : 0);
    event->duration_ns = duration_ns;
    event->threshold_ns = config->slow_threshold_ns;
    event->duration_error_ns = error_ns;
    dp_record_commit(&lane->stream, event + 1, now);
    if (config->trees & DP_KIND(IF_SLOW) && !dp_tree_write(lane, id, now))
        lane->state->lost[DP_LOSS_TREES]++;
}

static bool was_tick(uint64_t tick)
{
    return dp_call_out_in_place(dp_tick_was, NULL, tick, 0);
}

/*
 * A call that lasted for something between `shortest` and `longest` is slow where that is
 * certain. Where it is possible only, it is counted apart.
 */
static void judge(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config,
                  uint64_t due, uint64_t shortest, uint64_t longest, uint64_t now)
{
    uint64_t width = longest - shortest;
    struct dp_site_stats *stats;
    if (shortest >= config->slow_threshold_ns) {
        emit_slow(lane, index, config, due, shortest + width / 2, width ? width / 2 + 1 : 0, now);
    } else if (longest >= config->slow_threshold_ns) {
        stats = dp_stats_of(lane, index);
        if (!stats)
            return;
        stats->maybe_slow++;
        stats->maybe_slow_least_ns += shortest;
        stats->maybe_slow_most_ns += longest;
    }
}

/* `start` is the last tick before the entry. */
void dp_finish_slow(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    const struct dp_site_config *config = dp_site_config_of_due(index, due, was_tick);
    lane->state->slow_paths++;
    if (!config) {
        lane->state->lost[DP_LOSS_RECONFIGURED]++;
        return;
    }
    uint64_t start = due - config->slow_after;
    uint64_t longest = positive(lane, now, start);
    /* No tick yet at the entry, or a call that this process was forked inside of: its
     * parent reports it. */
    if (start < dp_first_tick || longest < config->slow_threshold_ns)
        return;
    uint64_t latest = dp_call_out_in_place(dp_tick_latest_start, NULL, start, now);
    judge(lane, index, config, due, now - latest, longest, now);
}

/* The fields that `memory` and `call_memory` share. */
#define FILL_MEMORY(event, memory)                            \
    do {                                                      \
        (event)->before_bytes = (memory)->before_bytes;       \
        (event)->after_bytes = (memory)->after_bytes;         \
        (event)->allocated_bytes = (memory)->allocated_bytes; \
        (event)->freed_bytes = (memory)->freed_bytes;         \
        (event)->allocations = (memory)->allocations;         \
        (event)->frees = (memory)->frees;                     \
        (event)->peak_bytes = (memory)->peak_bytes;           \
    } while (0)

static void emit_memory(struct dp_lane *lane, uint32_t index, const struct dp_memory_change *memory,
                        uint64_t duration_ns, uint64_t now)
{
    struct dp_event_memory *event = dp_record_begin(&lane->stream, DP_EVENT_ID_memory,
                                                    sizeof *event, &now, lane->state->lost);
    if (!event)
        return;
    event->site = index;
    event->duration_ns = duration_ns;
    FILL_MEMORY(event, memory);
    dp_record_commit(&lane->stream, event + 1, now);
}

static void emit_call_memory(struct dp_lane *lane, uint32_t index, bool capped,
                             const struct dp_memory_change *memory, uint64_t duration_ns,
                             uint64_t now)
{
    struct dp_event_call_memory *event = dp_record_begin(
        &lane->stream, DP_EVENT_ID_call_memory, sizeof *event, &now, lane->state->lost);
    if (!event)
        return;
    event->site = index;
    event->flags = capped ? DP_CALL_CAPPED : 0;
    event->duration_ns = duration_ns;
    FILL_MEMORY(event, memory);
    dp_record_commit(&lane->stream, event + 1, now);
}

/* The record of PROFILE or PRODUCTION; memory: NULL where it was
 * not counted. */
static void emit_call(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config,
                      enum dp_attribute attribute, const struct dp_memory_change *memory,
                      uint64_t duration_ns, uint64_t now)
{
    const struct dp_probe *probe = &config->probes[attribute];
    bool capped = probe->duration_ns && duration_ns > probe->duration_ns;
    if (!probe->event || duration_ns < probe->threshold)
        return;
    if (memory && probe->memory)
        emit_call_memory(lane, index, capped, memory, duration_ns, now);
    else if (attribute == DP_ATTRIBUTE_PRODUCTION)
        dp_record_call(lane, DP_EVENT_ID_production, DP_EVENT_ID_production_wide, index,
                       duration_ns, now, false);
    else
        dp_record_call(lane, DP_EVENT_ID_call, DP_EVENT_ID_call_wide, index, duration_ns, now,
                       capped);
}

static bool grows_enough(const struct dp_site_config *config, const struct dp_memory_change *memory)
{
    const struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_MEMORY];
    return probe->event &&
           (!probe->threshold || dp_memory_growth(memory) >= (int64_t)probe->threshold);
}

static void emit_events(struct dp_lane *lane, const struct dp_lane_frame *frame,
                        const struct dp_site_config *config, const struct dp_memory_change *memory,
                        uint64_t duration_ns, uint64_t now)
{
    if (frame->kinds & DP_KIND(PROFILE))
        emit_call(lane, frame->site, config, DP_ATTRIBUTE_PROFILE, memory, duration_ns, now);
    else if (frame->kinds & DP_KIND(FLAME_GRAPH))
        emit_call(lane, frame->site, config, DP_ATTRIBUTE_FLAME_GRAPH, memory, duration_ns, now);
    if (frame->kinds & DP_KIND(PRODUCTION))
        emit_call(lane, frame->site, config, DP_ATTRIBUTE_PRODUCTION, NULL, duration_ns, now);
    if (memory && frame->kinds & DP_KIND(MEMORY) && grows_enough(config, memory))
        emit_memory(lane, frame->site, memory, duration_ns, now);
}

static void judge_slow(struct dp_lane *lane, const struct dp_lane_frame *frame,
                       const struct dp_site_config *config, const struct dp_memory_change *memory,
                       uint64_t duration_ns, uint64_t now)
{
    if (!config->slow_threshold_ns || duration_ns < config->slow_threshold_ns)
        return;
    uint64_t latest =
        dp_call_out_in_place(dp_tick_latest_of_exact, NULL, now - duration_ns, now);
    judge(lane, frame->site, config, dp_due_opened(lane->index, frame->kinds, frame->start_ns),
          now - latest, duration_ns, now);
    if (memory && config->probes[DP_ATTRIBUTE_IF_SLOW].memory)
        emit_call_memory(lane, frame->site, false, memory, duration_ns, now);
}

void dp_finish_below(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config,
                     uint64_t due, uint64_t now)
{
    const struct dp_lane_frame frame = {.site = index, .start_ns = dp_due_start(due, now)};
    lane->state->slow_paths++;
    judge_slow(lane, &frame, config, NULL, positive(lane, now, frame.start_ns), now);
}

/* When the call of frame i was left is not known, so it is in no other call's child_ns. */
static void miss_child(struct dp_lane *lane, uint64_t i)
{
    uint32_t site = i ? lane->state->frames[i - 1].site : 0;
    struct dp_site_stats *around = site ? dp_stats_of(lane, site) : NULL;
    if (around)
        around->flags |= DP_STATS_CHILDREN_MISSED;
}

void dp_finish_left(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame,
                    enum dp_left left, uint64_t now)
{
    miss_child(lane, i);
    dp_give_up_memory(lane, i, frame);
    dp_count_call(lane, frame->site, lane->frames[i + 1].config);
    emit_exception(lane, frame, left, now);
}

/* Of a call that was chosen, slow or not. */
static void write_tree(struct dp_lane *lane, const struct dp_lane_frame *frame,
                       const struct dp_site_config *config, uint64_t now)
{
    if (!(config->trees & frame->kinds & DP_KIND(PROFILE)) ||
        !config->probes[DP_ATTRIBUTE_PROFILE].event)
        return;
    uint64_t id = dp_slow_id(lane->index, frame->site, frame->start_ns, lane->state->slow_paths);
    if (!dp_tree_write(lane, id, now))
        lane->state->lost[DP_LOSS_TREES]++;
}

void dp_finish_call(struct dp_lane *lane, const struct dp_lane_frame *frame, uint64_t i,
                    enum dp_left left, uint64_t now)
{
    const struct dp_site_config *config = i == DP_NO_FRAME
                                              ? dp_site_config_at(frame->site, frame->start_ns)
                                              : lane->frames[i + 1].config;
    if (!config) {
        lane->state->lost[DP_LOSS_RECONFIGURED]++;
        return;
    }
    uint64_t duration_ns = positive(lane, now, frame->start_ns);
    uint64_t child_ns = i == DP_NO_FRAME ? 0 : lane->frames[i + 1].child_ns;
    struct dp_memory_change change, *memory = NULL;

    if (frame->kinds & config->memory) {
        if (i == DP_NO_FRAME) {
            lane->state->lost[DP_LOSS_DEPTH]++; /* what its memory was is not known */
        } else {
            memory = &change;
            dp_end_memory(lane, i, memory);
        }
    }
    struct dp_site_stats *stats = dp_stats_of(lane, frame->site);
    if (stats) {
        stats->calls += config->always_open;
        dp_stats_add_call(lane, stats, &config->population, duration_ns, child_ns);
        if (i == DP_NO_FRAME) /* the enclosing call does not know this one's time either */
            stats->flags |= DP_STATS_CHILDREN_MISSED | DP_STATS_NESTING_MISSED;
        else if (dp_stats_is_nested(lane, stats, i))
            stats->nested_ns += duration_ns * config->population.copies;
        if (memory && dp_memory_view != DP_MEMORY_UNSEEN)
            dp_add_memory(stats, memory);
    }
    if (dp_memory_view != DP_MEMORY_BYTES)
        memory = NULL; /* events say bytes */
    if (left == DP_LEFT_RETURN)
        emit_events(lane, frame, config, memory, duration_ns, now);
    else
        emit_exception(lane, frame, left, now);
    judge_slow(lane, frame, config, memory, duration_ns, now);
    write_tree(lane, frame, config, now);
}

void dp_finish_counted(struct dp_lane *lane, uint64_t i, uint64_t now)
{
    const struct dp_lane_frame *frame = &lane->state->frames[i];
    const struct dp_frame *local = &lane->frames[i + 1];
    struct dp_site_stats *stats = lane->stats[frame->site];
    struct dp_memory_change memory;

    if (DP_UNLIKELY(!stats || now < frame->start_ns || dp_memory_view != DP_MEMORY_BYTES)) {
        dp_finish_call(lane, frame, i, DP_LEFT_RETURN, now);
        return;
    }
    dp_end_memory(lane, i, &memory);
    uint64_t duration_ns = now - frame->start_ns;
    stats->calls++;
    if (DP_UNLIKELY(dp_stats_is_nested(lane, stats, i)))
        stats->nested_ns += duration_ns * local->config->population.copies;
    dp_stats_add_call(lane, stats, &local->config->population, duration_ns, local->child_ns);
    dp_add_memory(stats, &memory);
    if (DP_UNLIKELY(grows_enough(local->config, &memory)))
        emit_memory(lane, frame->site, &memory, duration_ns, now);
}
