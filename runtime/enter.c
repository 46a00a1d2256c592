/*
 * The hot path: what happens when the gate of a call opens, and at its exit.
 * Reached from inserted code through the thunks of arch/, so this file and
 * finish.c are compiled for general registers only, keep all of them but rax,
 * r10 and r11 (see meson.build), and call nothing outside but through dp_deep().
 *
 * Must not: allocate, lock, make a system call, touch another thread's memory,
 * change errno (what lies behind dp_deep keeps it).
 */
#include "enter.h"

#include "clock.h"
#include "finish.h"
#include "lane.h"
#include "process.h"
#include "record.h"
#include "sampler.h"
#include "sites.h"
#include "stats.h"

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
    kinds &= ~site->load_checked;
    lane->state->gated++;
    struct dp_site_stats *stats = dp_stats_of(lane, index);
    if (stats && !(kinds & ~DP_FRAME_BY_CHANCE)) /* no other kind opens it */
        stats->gated++;
    return kinds;
}

/* Stacks grow down: a frame that lies below the new call on the same stack was
 * left without an exit. Calls on other stacks (coroutines, signal stacks) are
 * not compared. */
static uint64_t heal(struct dp_lane *lane, uint64_t depth, uintptr_t stack)
{
    uint64_t alive = depth;
    while (alive && lane->frames[alive - 1].stack < stack &&
           dp_same_stack(lane, stack, lane->frames[alive - 1].stack))
        alive--;
    if (alive != depth)
        dp_drop_frames(lane, alive, DP_LEFT_LONGJMP, dp_now_ns());
    return alive;
}

/* `due` of a call that is not opened: as the inserted code had it. */
static inline uint64_t not_opened(const struct dp_site *code)
{
    return deep_profile_tick + (code->slow_after & ~DP_ASK);
}

/* Opens a call for `kinds` and returns its `due`. The clock is read last: what
 * goes before is not in the call's time. */
static inline uint64_t open_call(struct dp_lane *lane, const struct dp_site *code, uint32_t kinds,
                                 bool counts_memory, uintptr_t stack)
{
    struct dp_lane_state *state = lane->state;
    uint64_t depth = state->frames_top;
    if (depth && DP_UNLIKELY(lane->frames[depth - 1].stack < stack))
        depth = heal(lane, depth, stack);
    if (DP_UNLIKELY(depth == DP_LANE_FRAMES)) {
        state->lost[DP_LOSS_DEPTH]++;
        dp_count_call(lane, code->index); /* known all the same */
        return not_opened(code);
    }
    lane->frames[depth].child_ns = 0;
    lane->frames[depth].stack = stack;
    if (counts_memory)
        dp_begin_memory(lane, depth);
    struct dp_lane_frame *frame = &state->frames[depth];
    frame->site = code->index;
    frame->kinds = kinds;
    uint64_t now = dp_now_ns();
    frame->start_ns = now;
    /* A reader of a killed process finds whole frames below `frames_top`. */
    __atomic_store_n(&state->frames_top, depth + 1, __ATOMIC_RELEASE);
    return now | DP_DUE_OPENED;
}

/* Every way but the simple one. */
static __attribute__((noinline)) uint64_t enter(struct dp_lane *lane, struct dp_site *code,
                                                const struct dp_site_state *site, uintptr_t stack)
{
    uint32_t index = code->index, kinds = 0;
    int64_t budget = deep_profile_budget;
    lane->state->slow_paths++;
    if (site->weight == DP_WEIGHT_ALWAYS) {
        budget += DP_WEIGHT_ALWAYS; /* the opening had nothing to do with chance */
        budget -= site->chance_weight;
        kinds = site->always;
        if (kinds)
            kinds |= DP_FRAME_BY_CHANCE;
    }
    /* Above any draw: the weight changed between the gate and here. */
    if (budget < 0 || budget > DP_WEIGHT_ALWAYS / 2) {
        budget = dp_sampler_draw(&lane->random);
        if (site->by_chance)
            kinds |= choose_kinds(lane, site) | DP_FRAME_BY_CHANCE;
    }
    deep_profile_budget = budget;
    kinds = refuse_by_load(lane, index, site, kinds);
    if (!(kinds & ~DP_FRAME_BY_CHANCE)) {
        dp_count_call(lane, index);
        return not_opened(code);
    }
    return open_call(lane, code, kinds, kinds & site->memory, stack);
}

/* The first call of a thread or a forked child, a signal handler inside the
 * runtime, a site that was not registered. NULL: the call is not opened. */
static __attribute__((noinline)) struct dp_lane *unusual(struct dp_lane *lane,
                                                         const struct dp_site *code)
{
    if (!lane || !dp_process_is_ours()) {
        if (!dp_deep(dp_process_meet_thread, 0, 0, 0))
            return NULL;
        lane = dp_self;
        /* The gate opened for the thread's sake: ask it again. */
        deep_profile_budget -= code->weight;
        if (deep_profile_budget >= 0)
            return NULL;
    }
    if (lane->busy) {
        lane->state->lost[DP_LOSS_REENTERED]++;
        deep_profile_budget = dp_sampler_draw(&lane->random);
        return NULL;
    }
    if (code->index == 0) {
        deep_profile_budget = dp_sampler_draw(&lane->random);
        return NULL;
    }
    return lane;
}

/* Gives back what an always-open gate took. A signal handler between the gate
 * and here may have drawn a new budget over it: then it is too much by that, and
 * no gate would open again for long. */
static inline void give_back(struct dp_lane *lane)
{
    int64_t budget = deep_profile_budget + DP_WEIGHT_ALWAYS;
    if (DP_UNLIKELY(budget > DP_WEIGHT_ALWAYS / 2))
        budget = dp_sampler_draw(&lane->random);
    deep_profile_budget = budget;
}

uint64_t dp_enter(struct dp_site *code)
{
    struct dp_lane *lane = dp_self;
    uintptr_t stack = (uintptr_t)__builtin_dwarf_cfa();
    if (DP_UNLIKELY(!lane || !dp_process_is_ours() || lane->busy || code->index == 0)) {
        lane = unusual(lane, code);
        if (!lane)
            return not_opened(code);
    }
    lane->busy = true;
    DP_COMPILER_BARRIER();
    const struct dp_site_state *site = &dp_sites[code->index];
    uint64_t due;
    if (site->count_only && lane->stats[code->index]) {
        give_back(lane);
        lane->stats[code->index]->calls++;
        lane->state->slow_paths++;
        due = not_opened(code);
    } else if (DP_LIKELY(site->simple && !dp_load_gate_closed())) {
        give_back(lane);
        due = open_call(lane, code, DP_KIND(PROFILE) | DP_FRAME_BY_CHANCE, false, stack);
    } else {
        due = enter(lane, code, site, stack);
    }
    DP_COMPILER_BARRIER();
    lane->busy = false;
    return due;
}

/* Finds the frame of an opened call: nearly always the innermost. Those above
 * it were left by a longjmp. */
static __attribute__((noinline)) bool find_frame(struct dp_lane *lane, uint32_t index,
                                                 uint64_t start_ns, uint64_t now)
{
    for (uint64_t depth = lane->state->frames_top; depth; depth--) {
        const struct dp_lane_frame *frame = &lane->state->frames[depth - 1];
        if (frame->start_ns != start_ns || frame->site != index)
            continue;
        dp_drop_frames(lane, depth, DP_LEFT_LONGJMP, now);
        return true;
    }
    return false; /* taken for left, or opened by another thread: already told */
}

static inline bool is_innermost(const struct dp_lane_state *state, uint32_t index,
                                uint64_t start_ns)
{
    uint64_t depth = state->frames_top;
    return DP_LIKELY(depth != 0) && state->frames[depth - 1].start_ns == start_ns &&
           state->frames[depth - 1].site == index;
}

static inline void exit_opened(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    struct dp_lane_state *state = lane->state;
    const struct dp_site_state *site = &dp_sites[index];
    uint64_t start_ns = due & ~(DP_DUE_OPENED | DP_DUE_UNWOUND);
    if (DP_UNLIKELY(!is_innermost(state, index, start_ns)) &&
        !find_frame(lane, index, start_ns, now))
        return;
    uint64_t depth = state->frames_top - 1;
    uint64_t duration_ns = now - start_ns;
    struct dp_site_stats *stats = lane->stats[index];
    state->frames_top = depth;
    state->slow_paths++;
    if (DP_UNLIKELY(!site->simple || (due & DP_DUE_UNWOUND) || !stats ||
                    duration_ns > site->simple_limit_ns)) { /* also a negative one */
        dp_finish_call(lane, depth, due & DP_DUE_UNWOUND ? DP_LEFT_UNWIND : DP_LEFT_RETURN, now);
        return;
    }
    stats->calls++;
    dp_stats_add_call(lane, stats, site, duration_ns, lane->frames[depth].child_ns);
    if (depth)
        lane->frames[depth - 1].child_ns += duration_ns;
    dp_record_call(lane, DP_EVENT_ID_call, DP_EVENT_ID_call_wide, index, duration_ns, now, false);
}

/* In whole-program mode a thread's first word may be that a call was slow. What
 * was opened before the thread's lane was taken away, or before fork, is told. */
static __attribute__((noinline)) struct dp_lane *meet_at_exit(uint64_t due)
{
    if (due & DP_DUE_OPENED || !dp_deep(dp_process_meet_thread, 0, 0, 0))
        return NULL;
    return dp_self;
}

void dp_exit(struct dp_site *code, uint64_t due)
{
    uint64_t now = dp_now_ns();
    struct dp_lane *lane = dp_self;
    uint32_t index = code->index;
    if (DP_UNLIKELY(index == 0))
        return;
    if (DP_UNLIKELY(!lane || !dp_process_is_ours())) {
        lane = meet_at_exit(due);
        if (!lane)
            return;
    }
    if (DP_UNLIKELY(lane->busy)) {
        lane->state->lost[DP_LOSS_REENTERED]++;
        return;
    }
    lane->busy = true;
    DP_COMPILER_BARRIER();
    if (DP_LIKELY(due & DP_DUE_OPENED))
        exit_opened(lane, index, due, now);
    else
        dp_finish_slow(lane, index, due & ~DP_DUE_UNWOUND, now);
    DP_COMPILER_BARRIER();
    lane->busy = false;
}

uint64_t deep_profile_enter_call(struct dp_site *site)
{
    return dp_enter(site);
}

uint64_t deep_profile_ask_call(struct dp_site *site)
{
    uint64_t due = not_opened(site);
    deep_profile_budget -= site->weight;
    if (deep_profile_budget < 0)
        due = dp_enter(site);
    if (site->count_slot && deep_profile_counts)
        deep_profile_counts[site->count_slot]++;
    return due;
}

void deep_profile_exit_call(struct dp_site *site, uint64_t due)
{
    dp_exit(site, due);
}
