/*
 * The hot path, whole: what happens when the gate of a call opens, and at its
 * exit. Reached from inserted code through the thunks of arch/, so this file
 * is compiled for general registers only and calls nothing but dp_deep().
 *
 * Must not: allocate, lock, make a system call, touch another thread's memory,
 * change errno (what lies behind dp_deep keeps it).
 */
#include "enter.h"

#include "clock.h"
#include "lane.h"
#include "memory.h"
#include "process.h"
#include "record.h"
#include "sampler.h"
#include "sites.h"
#include "stats.h"

static inline uint64_t positive(struct dp_lane *lane, uint64_t end, uint64_t start)
{
    if (DP_LIKELY(end >= start))
        return end - start;
    lane->state->lost[DP_LOSS_CLOCK_BACK]++;
    return 0;
}

/* Of a call that was chosen by chance: which of the kinds chose it (sites.c has
 * the conditional probabilities). */
static uint32_t choose_kinds(struct dp_lane *lane, const struct dp_site_state *site)
{
    uint32_t kinds = site->by_chance, chosen = 0;
    if ((kinds & (kinds - 1)) == 0)
        return kinds;
    for (uint32_t left = kinds; left; left &= left - 1) {
        uint32_t kind = (uint32_t)__builtin_ctz(left);
        const struct dp_probe *probe = &site->probes[kind];
        if (dp_chance(&lane->random, chosen ? probe->chance : probe->chance_if_needed))
            chosen |= 1u << kind;
    }
    return chosen;
}

static uint32_t refuse_by_load(struct dp_lane *lane, uint32_t index,
                               const struct dp_site_state *site, uint32_t kinds)
{
    if (DP_LIKELY(!dp_load_gate_closed()) || !(kinds & site->load_checked))
        return kinds;
    lane->state->gated++;
    struct dp_site_stats *stats = dp_stats_of(lane, index);
    if (stats)
        stats->gated++;
    return kinds & ~site->load_checked;
}

static void emit_exception(struct dp_lane *lane, const struct dp_frame *frame, enum dp_left left,
                           uint64_t now)
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

/* Frames above `depth` belong to calls that a longjmp left. */
static void drop_frames(struct dp_lane *lane, uint32_t depth, uint64_t now)
{
    while (lane->depth > depth) {
        lane->depth--;
        emit_exception(lane, &lane->frames[lane->depth], DP_LEFT_LONGJMP, now);
    }
    lane->state->frames_top = lane->depth;
}

/* Stacks grow down: a frame that lies below the new call on the same stack was
 * left without an exit. Calls on other stacks (coroutines, signal stacks) are
 * not compared. */
static void heal(struct dp_lane *lane, uintptr_t stack, uint64_t now)
{
    uint32_t depth = lane->depth;
    while (depth && lane->frames[depth - 1].stack < stack &&
           dp_same_stack(lane, stack, lane->frames[depth - 1].stack))
        depth--;
    if (DP_UNLIKELY(depth != lane->depth))
        drop_frames(lane, depth, now);
}

/* Opens a call for `kinds` and returns its t0. */
static uint64_t open_call(struct dp_lane *lane, struct dp_site *code,
                          const struct dp_site_state *site, uint32_t kinds, bool by_chance,
                          uintptr_t stack)
{
    if (lane->depth)
        heal(lane, stack, lane->stream.last_ns);
    if (DP_UNLIKELY(lane->depth == DP_LANE_FRAMES)) {
        lane->state->lost[DP_LOSS_DEPTH]++;
        return deep_profile_tick;
    }
    uint32_t depth = lane->depth;
    struct dp_frame *frame = &lane->frames[depth];
    frame->site = code->index;
    frame->kinds = kinds;
    frame->by_chance = by_chance;
    frame->child_ns = 0;
    frame->stack = stack;
    if (kinds & site->memory) {
        frame->before = lane->memory;
        lane->memory.peak_bytes = lane->memory.live_bytes;
        atomic_store_explicit(&frame->capped, false, memory_order_relaxed);
    }
    struct dp_lane_frame *seen = &lane->state->frames[depth];
    seen->site = code->index;
    seen->kinds = kinds;
    lane->depth = depth + 1;
    uint64_t now = dp_now_ns();
    frame->start_ns = now;
    seen->start_ns = now;
    lane->state->frames_top = depth + 1;
    return now ^ DP_T0_OPENED;
}

static uint64_t enter(struct dp_lane *lane, struct dp_site *code, uintptr_t stack)
{
    const struct dp_site_state *site = &dp_sites[code->index];
    int64_t budget = deep_profile_budget;
    uint32_t kinds = 0;
    bool by_chance = false;
    lane->state->slow_paths++;
    if (site->weight == DP_WEIGHT_ALWAYS) {
        budget += DP_WEIGHT_ALWAYS; /* the opening had nothing to do with chance */
        budget -= site->chance_weight;
        kinds = site->always;
        if (site->count_at_gate || kinds) {
            struct dp_site_stats *stats = dp_stats_of(lane, code->index);
            if (stats)
                stats->calls++;
        }
        by_chance = kinds != 0;
    }
    /* Above any draw: the weight changed between the gate and here. */
    if (budget < 0 || budget > DP_WEIGHT_ALWAYS / 2) {
        budget = dp_sampler_draw(&lane->random);
        if (site->by_chance) {
            kinds |= choose_kinds(lane, site);
            by_chance = true;
        }
    }
    deep_profile_budget = budget;
    kinds = refuse_by_load(lane, code->index, site, kinds);
    if (!kinds)
        return deep_profile_tick;
    return open_call(lane, code, site, kinds, by_chance, stack);
}

uint64_t dp_enter(struct dp_site *code, uint64_t unused, uintptr_t stack)
{
    struct dp_lane *lane = dp_self;
    (void)unused;
    if (DP_UNLIKELY(!lane || !dp_process_is_ours())) {
        if (!dp_deep(dp_process_meet_thread, 0, 0, 0))
            return deep_profile_tick;
        lane = dp_self;
        /* The gate opened for the thread's sake: ask it again. */
        deep_profile_budget -= code->weight;
        if (deep_profile_budget >= 0)
            return deep_profile_tick;
    }
    if (DP_UNLIKELY(lane->busy)) { /* a signal handler inside the runtime */
        lane->state->lost[DP_LOSS_REENTERED]++;
        deep_profile_budget = dp_sampler_draw(&lane->random);
        return deep_profile_tick;
    }
    if (DP_UNLIKELY(code->index == 0)) { /* not registered, or no room for it */
        if (deep_profile_budget < 0)
            deep_profile_budget = dp_sampler_draw(&lane->random);
        return deep_profile_tick;
    }
    lane->busy = true;
    DP_COMPILER_BARRIER();
    uint64_t t0 = enter(lane, code, stack);
    DP_COMPILER_BARRIER();
    lane->busy = false;
    return t0;
}

static void emit_slow(struct dp_lane *lane, uint32_t index, const struct dp_site_state *site,
                      uint64_t t0, uint64_t duration_ns, uint64_t error_ns, uint64_t now)
{
    const struct dp_probe *probe = &site->probes[DP_ATTRIBUTE_IF_SLOW];
    struct dp_site_stats *stats = dp_stats_of(lane, index);
    if (stats) {
        stats->slow++;
        stats->slow_total_ns += duration_ns;
        if (duration_ns > stats->slow_max_ns)
            stats->slow_max_ns = duration_ns;
    }
    uint64_t id = dp_slow_id(lane->index, index, t0);
    if (!probe->event || !dp_slow_chosen(id, probe->event_chance))
        return;
    struct dp_event_slow_operation *event = dp_record_begin(
        &lane->stream, DP_EVENT_ID_slow_operation, sizeof *event, &now, lane->state->lost);
    if (!event)
        return;
    event->site = index;
    event->tid = lane->state->tid;
    event->id = id;
    event->flags = error_ns ? 0 : DP_SLOW_EXACT;
    event->duration_ns = duration_ns;
    event->threshold_ns = site->slow_threshold_ns;
    event->duration_error_ns = error_ns;
    dp_record_commit(&lane->stream, event + 1, now);
}

/* What a counted call did to memory, from the counts before and at its end. */
struct memory_change {
    struct dp_memory_counts before, after;
};

static void add_memory(struct dp_site_stats *stats, const struct memory_change *memory)
{
    int64_t peak = memory->after.peak_bytes - memory->before.live_bytes;
    stats->memory_calls++;
    stats->allocated_bytes += memory->after.allocated_bytes - memory->before.allocated_bytes;
    stats->freed_bytes += memory->after.freed_bytes - memory->before.freed_bytes;
    stats->allocations += memory->after.allocations - memory->before.allocations;
    stats->frees += memory->after.frees - memory->before.frees;
    if (peak > stats->peak_bytes)
        stats->peak_bytes = peak;
}

#define FILL_MEMORY(event, memory)                                                            \
    do {                                                                                      \
        (event)->before_bytes = (memory)->before.live_bytes;                                  \
        (event)->after_bytes = (memory)->after.live_bytes;                                    \
        (event)->allocated_bytes =                                                            \
            (memory)->after.allocated_bytes - (memory)->before.allocated_bytes;               \
        (event)->freed_bytes = (memory)->after.freed_bytes - (memory)->before.freed_bytes;    \
        (event)->allocations = (memory)->after.allocations - (memory)->before.allocations;    \
        (event)->frees = (memory)->after.frees - (memory)->before.frees;                      \
        (event)->peak_bytes = (memory)->after.peak_bytes - (memory)->before.live_bytes;       \
    } while (0)

static void emit_memory(struct dp_lane *lane, uint32_t index, const struct memory_change *memory,
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
                             const struct memory_change *memory, uint64_t duration_ns,
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

/* The counts at the end of a frame; the counting of the calls around it goes on
 * as if it had never been looked at. */
static bool end_memory(struct dp_lane *lane, struct dp_frame *frame, struct memory_change *memory)
{
    bool capped = atomic_load_explicit(&frame->capped, memory_order_acquire);
    memory->before = frame->before;
    memory->after = capped ? frame->at_cap : lane->memory;
    if (lane->memory.peak_bytes < frame->before.peak_bytes)
        lane->memory.peak_bytes = frame->before.peak_bytes;
    return capped;
}

static void emit_call(struct dp_lane *lane, const struct dp_frame *frame,
                      const struct dp_probe *probe, enum dp_attribute attribute, bool counted,
                      const struct memory_change *memory, uint64_t duration_ns, uint64_t now)
{
    bool capped = probe->duration_ns && duration_ns > probe->duration_ns;
    if (!probe->event || duration_ns < probe->threshold)
        return;
    if (counted && probe->memory)
        emit_call_memory(lane, frame->site, capped, memory, duration_ns, now);
    else if (attribute == DP_ATTRIBUTE_PRODUCTION)
        dp_record_call(lane, DP_EVENT_ID_production, DP_EVENT_ID_production_wide, frame->site,
                       duration_ns, now, false);
    else
        dp_record_call(lane, DP_EVENT_ID_call, DP_EVENT_ID_call_wide, frame->site, duration_ns,
                       now, capped);
}

/* Everything a call that was opened leaves behind. */
static void finish_call(struct dp_lane *lane, struct dp_frame *frame, enum dp_left left,
                        uint64_t now)
{
    const struct dp_site_state *site = &dp_sites[frame->site];
    const struct dp_probe *probes = site->probes;
    uint64_t duration_ns = positive(lane, now, frame->start_ns);
    uint32_t kinds = frame->kinds;
    struct memory_change memory;
    bool counted = kinds & site->memory;

    if (counted)
        end_memory(lane, frame, &memory);
    struct dp_site_stats *stats = dp_stats_of(lane, frame->site);
    if (DP_LIKELY(stats != 0)) {
        if (frame->by_chance)
            dp_stats_add_call(lane, stats, site, duration_ns, frame->child_ns);
        if (counted)
            add_memory(stats, &memory);
    }
    if (lane->depth)
        lane->frames[lane->depth - 1].child_ns += duration_ns;

    if (DP_UNLIKELY(left != DP_LEFT_RETURN))
        emit_exception(lane, frame, left, now);
    else if (DP_LIKELY(kinds & DP_KIND(PROFILE)))
        emit_call(lane, frame, &probes[DP_ATTRIBUTE_PROFILE], DP_ATTRIBUTE_PROFILE, counted,
                  &memory, duration_ns, now);
    if (kinds & DP_KIND(PRODUCTION))
        emit_call(lane, frame, &probes[DP_ATTRIBUTE_PRODUCTION], DP_ATTRIBUTE_PRODUCTION, false,
                  &memory, duration_ns, now);
    if (kinds & DP_KIND(FLAME_GRAPH))
        emit_call(lane, frame, &probes[DP_ATTRIBUTE_FLAME_GRAPH], DP_ATTRIBUTE_FLAME_GRAPH,
                  false, &memory, duration_ns, now);
    if (site->slow_threshold_ns && duration_ns >= site->slow_threshold_ns) {
        emit_slow(lane, frame->site, site, frame->start_ns ^ DP_T0_OPENED, duration_ns, 0, now);
        if (counted && probes[DP_ATTRIBUTE_IF_SLOW].memory)
            emit_call_memory(lane, frame->site, false, &memory, duration_ns, now);
    }
    if (kinds & DP_KIND(MEMORY)) {
        int64_t peak = memory.after.peak_bytes - memory.before.live_bytes;
        const struct dp_probe *probe = &probes[DP_ATTRIBUTE_MEMORY];
        if (probe->event && peak >= (int64_t)probe->threshold)
            emit_memory(lane, frame->site, &memory, duration_ns, now);
    }
}

/* Finds the frame of an opened call: nearly always the innermost. Those above
 * it were left by a longjmp. */
static bool find_frame(struct dp_lane *lane, uint32_t index, uint64_t start_ns, uint64_t now)
{
    uint32_t depth = lane->depth;
    while (depth) {
        const struct dp_frame *frame = &lane->frames[depth - 1];
        if (DP_LIKELY(frame->start_ns == start_ns && frame->site == index)) {
            if (DP_UNLIKELY(depth != lane->depth))
                drop_frames(lane, depth, now);
            return true;
        }
        depth--;
    }
    return false;
}

static void exit_opened(struct dp_lane *lane, uint32_t index, uint64_t start_ns,
                        enum dp_left left, uint64_t now)
{
    if (DP_UNLIKELY(!find_frame(lane, index, start_ns, now)))
        return; /* taken for left, or opened by another thread: already told */
    lane->depth--;
    lane->state->frames_top = lane->depth;
    finish_call(lane, &lane->frames[lane->depth], left, now);
}

/* A call that the coarse clock says was slow: t0 is the last tick before its
 * entry, so it began at most one gap between ticks later. The middle is told,
 * with half the gap as error. */
static void exit_slow(struct dp_lane *lane, uint32_t index, uint64_t t0, uint64_t now)
{
    const struct dp_site_state *site = &dp_sites[index];
    uint64_t gap = dp_tick_gap_after(t0);
    uint64_t longest = positive(lane, now, t0);
    uint64_t duration_ns = longest > gap / 2 ? longest - gap / 2 : longest;
    if (t0 == 0 || duration_ns < site->slow_threshold_ns)
        return;
    emit_slow(lane, index, site, t0, duration_ns, gap / 2 + 1, now);
}

void dp_exit(struct dp_site *code, uint64_t t0, uintptr_t unused)
{
    uint64_t now = dp_now_ns();
    struct dp_lane *lane = dp_self;
    (void)unused;
    if (DP_UNLIKELY(!lane || !dp_process_is_ours() || code->index == 0))
        return;
    if (DP_UNLIKELY(lane->busy)) {
        lane->state->lost[DP_LOSS_REENTERED]++;
        return;
    }
    lane->busy = true;
    DP_COMPILER_BARRIER();
    lane->state->slow_paths++;
    enum dp_left left = t0 & DP_T0_UNWOUND ? DP_LEFT_UNWIND : DP_LEFT_RETURN;
    t0 &= ~DP_T0_UNWOUND;
    if (DP_LIKELY(t0 & DP_T0_OPENED))
        exit_opened(lane, code->index, t0 ^ DP_T0_OPENED, left, now);
    else
        exit_slow(lane, code->index, t0, now);
    DP_COMPILER_BARRIER();
    lane->busy = false;
}

uint64_t deep_profile_enter_call(struct dp_site *site)
{
    return dp_enter(site, 0, (uintptr_t)__builtin_frame_address(0));
}

void deep_profile_exit_call(struct dp_site *site, uint64_t t0)
{
    dp_exit(site, t0, 0);
}
