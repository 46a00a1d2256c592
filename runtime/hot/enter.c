/*
 * The hot path's way in: what happens when the gate of a call opens. exit.c is the way out.
 * Reached from inserted code through the thunks of arch/, so the files of this room are
 * compiled for general registers only, keep all of them but rax, r10 and r11 (see
 * meson.build), and call nothing outside but through dp_call_out().
 *
 * Must not: allocate, lock, make a system call, touch another thread's memory,
 * change errno (what lies behind dp_call_out keeps it).
 */
#include "enter.h"

#include "aggregate.h"
#include "base/clock.h"
#include "base/due.h"
#include "base/facts.h"
#include "base/load_gate.h"
#include "base/sampler.h"
#include "base/tick.h"
#include "call_memory.h"
#include "finish.h"
#include "meet.h"
#include "sites/config.h"
#include "stacks.h"
#include "thread/call_tree.h"
#include "thread/lane.h"
#include "trees.h"

/* Of a call that was chosen by chance: which of the kinds chose it (decide.c has
 * the conditional probabilities). */
static uint32_t choose_kinds(struct dp_lane *lane, const struct dp_site_config *config)
{
    uint32_t kinds = config->by_chance, chosen = 0;
    if ((kinds & (kinds - 1)) == 0)
        return kinds;
    for (uint32_t left = kinds; left; left &= left - 1) {
        uint32_t kind = (uint32_t)__builtin_ctz(left);
        const struct dp_probe *probe = &config->probes[kind];
        if (dp_chance(&lane->random, chosen ? probe->chance : probe->chance_if_needed))
            chosen |= 1u << kind;
    }
    return chosen;
}

static uint32_t refuse_by_load(struct dp_lane *lane, uint32_t index,
                               const struct dp_site_config *config, uint32_t kinds)
{
    if (DP_LIKELY(!dp_load_gate_closed()) || !(kinds & config->load_checked))
        return kinds;
    kinds &= ~config->load_checked;
    lane->state->gated++;
    struct dp_site_stats *stats = dp_stats_of(lane, index);
    if (stats && !kinds) /* no other kind opens it */
        stats->gated++;
    return kinds;
}

/* `due` of a call that is not opened: as the inserted code had it. */
static inline uint64_t not_opened(const struct dp_site *code)
{
    return dp_tick_in_force() + (code->slow_after & ~DP_ASK);
}

/* Opens a call for `kinds` and returns its `due`. The clock is read last: what
 * goes before is not in the call's time. */
static inline __attribute__((always_inline)) uint64_t
open_call(struct dp_lane *lane, const struct dp_site *code, const struct dp_site_config *config,
          uint32_t kinds, bool counts_memory, uintptr_t stack)
{
    struct dp_lane_state *state = lane->state;
    uint64_t depth = state->frames_top;
    if (DP_UNLIKELY(lane->frames[depth].stack <= stack) &&
        lane->frames[depth].stack < stack + config->after_inlining)
        depth = dp_stacks_enter(lane, depth, config, stack);
    if (DP_UNLIKELY(depth == DP_LANE_FRAMES))
        depth = dp_stacks_make_room(lane);
    struct dp_frame *local = &lane->frames[depth + 1];
    local->child_ns = 0;
    local->stack = stack;
    local->config = config;
    if (counts_memory)
        dp_begin_memory(lane, depth);
    dp_stats_note_open(lane, code->index, depth);
    struct dp_lane_frame *frame = &state->frames[depth];
    frame->site = code->index;
    frame->kinds = kinds;
    uint64_t now = dp_now_ns();
    frame->start_ns = now;
    /* A reader of a killed process finds whole frames below `frames_top`. */
    __atomic_store_n(&state->frames_top, depth + 1, __ATOMIC_RELEASE);
    return local->due = lane->due | dp_due_opened(0, kinds, now);
}

/* Every way but the simple ones. */
static __attribute__((noinline)) uint64_t enter(struct dp_lane *lane, struct dp_site *code,
                                                const struct dp_site_config *config,
                                                uintptr_t stack)
{
    uint32_t kinds = 0;
    int64_t budget = deep_profile_budget;
    if (config->always_open) {
        budget += DP_WEIGHT_ALWAYS; /* the opening had nothing to do with chance */
        budget -= config->chance_weight;
        kinds = config->always;
    }
    /* Above any draw: the weight changed between the gate and here. */
    if (budget < 0 || budget > DP_WEIGHT_ALWAYS / 2) {
        budget = dp_sampler_draw(&lane->random);
        if (config->by_chance)
            kinds |= choose_kinds(lane, config);
    }
    deep_profile_budget = budget;
    kinds = refuse_by_load(lane, code->index, config, kinds);
    if (!kinds) {
        lane->state->slow_paths++; /* an opened call's is counted at its exit */
        dp_count_call(lane, code->index, config);
        return not_opened(code);
    }
    uint64_t due = open_call(lane, code, config, kinds, kinds & config->memory, stack);
    if (DP_UNLIKELY(kinds & config->trees))
        dp_tree_begin(lane, config, due, stack);
    return due;
}

/* A call that was chosen by chance, for its record and nothing else. */
static __attribute__((noinline)) uint64_t enter_sampled(struct dp_lane *lane, struct dp_site *code,
                                                        const struct dp_site_config *config,
                                                        uintptr_t stack)
{
    if (DP_UNLIKELY(deep_profile_budget >= 0)) /* it has changed since */
        return enter(lane, code, config, stack);
    deep_profile_budget = dp_sampler_draw(&lane->random);
    return open_call(lane, code, config, DP_KIND(PROFILE), false, stack);
}

/* The gate is open, but nothing can be done for the call. */
static void draw_again(struct dp_lane *lane)
{
    deep_profile_budget = lane->tree_on ? DP_TREE_BUDGET : dp_sampler_draw(&lane->random);
}

/* The first call of a thread or a forked child, a signal handler inside the
 * runtime, a site that was not registered. NULL: the call is not opened. */
static __attribute__((noinline)) struct dp_lane *unusual(struct dp_lane *lane,
                                                         const struct dp_site *code,
                                                         uintptr_t stack)
{
    if (!lane && dp_process_is_ours() && !code->weight && !code->count_slot &&
        code->desc->flags & DP_SITE_WHOLE_PROGRAM)
        return NULL; /* DP_ASK_ALL: nothing is asked of this thread */
    if (!lane || !dp_process_is_ours()) {
        if (!dp_meet_calling_thread())
            return NULL;
        lane = dp_self;
        if (!lane)
            return NULL; /* a handler forked meanwhile, and this is the child */
        /* The thread was not registered; repeat the sampling test. */
        deep_profile_budget -= code->weight;
        if (deep_profile_budget >= 0)
            return NULL;
    }
    if (lane->busy && deep_profile_budget >= 0)
        return NULL; /* DP_ASK_ALL: nobody chose the call */
    if ((lane->busy && dp_is_reentered(lane, stack)) || code->index == 0) {
        draw_again(lane);
        return NULL;
    }
    return lane;
}

/* Gives back what an always-open gate took. A signal handler between the gate and here
 * may have drawn a new budget: to give back then would make it far too large, and no gate
 * would open for a long time. */
static inline void give_back(struct dp_lane *lane)
{
    int64_t budget = deep_profile_budget + DP_WEIGHT_ALWAYS;
    if (DP_UNLIKELY(budget > DP_WEIGHT_ALWAYS / 2))
        budget = dp_sampler_draw(&lane->random);
    deep_profile_budget = budget;
}

static uint64_t enter_in_tree(struct dp_lane *lane, struct dp_site *code,
                              const struct dp_site_config *config, uintptr_t stack);

/* Also calls that nobody chose, where every entry asks (DP_ASK_ALL). */
static __attribute__((noinline)) uint64_t enter_by_path(struct dp_lane *lane, struct dp_site *code,
                                                        const struct dp_site_config *config,
                                                        uintptr_t stack)
{
    struct dp_site_stats *stats;
    if (DP_UNLIKELY(deep_profile_budget < DP_TREE_BUDGET_SHOWS) && lane->tree_on)
        return enter_in_tree(lane, code, config, stack);
    if (DP_UNLIKELY(deep_profile_entry_tick & DP_ASK_ALL_SHOWS) && code->weight == 0)
        return not_opened(code); /* also where the gate was closed for good: sites.c */
    switch ((enum dp_path)config->path) {
    case DP_PATH_TIME_EVERY: /* the load gate is not asked: it is what matters under load */
        give_back(lane);
        return open_call(lane, code, config, DP_KIND(IF_SLOW), false, stack);
    case DP_PATH_MEMORY_EVERY: /* nor here */
        give_back(lane);
        return open_call(lane, code, config, DP_KIND(MEMORY), true, stack);
    case DP_PATH_RECORD_SAMPLED:
        if (DP_UNLIKELY(dp_load_gate_closed()))
            break;
        return enter_sampled(lane, code, config, stack);
    case DP_PATH_COUNT:
        stats = lane->stats[code->index];
        if (DP_UNLIKELY(!stats))
            break;
        give_back(lane);
        stats->calls++;
        lane->state->slow_paths++;
        return not_opened(code);
    case DP_PATH_RECORD_EVERY: /* the load gate is closed, or a handler has come between */
    case DP_PATH_GENERAL:
        break;
    }
    return enter(lane, code, config, stack);
}

/* A tree holds the gate open: as if it did not, and then the call has its node. */
static __attribute__((noinline)) uint64_t enter_in_tree(struct dp_lane *lane, struct dp_site *code,
                                                        const struct dp_site_config *config,
                                                        uintptr_t stack)
{
    int64_t taken = DP_TREE_BUDGET - deep_profile_budget;
    bool below = dp_tree_goes_on(lane, config, stack);
    if (DP_UNLIKELY(taken > DP_WEIGHT_ALWAYS))
        taken = DP_WEIGHT_ALWAYS; /* by two gates: a handler came between one and here */
    deep_profile_budget = lane->tree->budget - taken;
    /* A handler between the gate and here may have drawn a new budget: see give_back(). */
    uint64_t due = deep_profile_budget < 0 || config->always_open
                       ? enter_by_path(lane, code, config, stack)
                       : not_opened(code);
    if (!lane->tree_on || deep_profile_budget < DP_TREE_BUDGET_SHOWS)
        return due; /* gone, or begun in this call */
    lane->tree->budget = deep_profile_budget;
    deep_profile_budget = DP_TREE_BUDGET;
    return below ? dp_tree_enter(lane, code->index, config, stack, due) : due;
}

/* The shortest way: every call leaves a record, and that is all. The gate has just taken
 * DP_WEIGHT_ALWAYS from the budget, so it is negative; else see give_back() and, where the
 * site's weight is 0, enter_by_path(). */
static inline __attribute__((always_inline)) uint64_t
enter_chosen(struct dp_lane *lane, struct dp_site *code, uintptr_t stack)
{
    const struct dp_site_config *config = dp_site_config(code->index);
    uint64_t budget = (uint64_t)deep_profile_budget + DP_WEIGHT_ALWAYS;
    if (DP_UNLIKELY(config->path != DP_PATH_RECORD_EVERY || budget >= DP_WEIGHT_ALWAYS ||
                    dp_load_gate_closed()))
        return enter_by_path(lane, code, config, stack);
    deep_profile_budget = (int64_t)budget;
    return open_call(lane, code, config, DP_KIND(PROFILE), false, stack);
}

static __attribute__((noinline)) uint64_t enter_unusual(struct dp_site *code, uintptr_t stack)
{
    struct dp_lane *lane = unusual(dp_self, code, stack);
    if (!lane)
        return not_opened(code);
    lane->busy = stack;
    DP_COMPILER_BARRIER();
    uint64_t due = enter_by_path(lane, code, dp_site_config(code->index), stack);
    DP_COMPILER_BARRIER();
    lane->busy = 0;
    return due;
}

static inline __attribute__((always_inline)) uint64_t enter_from(struct dp_site *code,
                                                                 uintptr_t stack)
{
    struct dp_lane *lane = dp_self;
    if (DP_UNLIKELY(!lane || !dp_process_is_ours() || lane->busy || code->index == 0))
        return enter_unusual(code, stack);
    lane->busy = stack;
    DP_COMPILER_BARRIER();
    uint64_t due = enter_chosen(lane, code, stack);
    DP_COMPILER_BARRIER();
    lane->busy = 0;
    return due;
}

uint64_t dp_enter(struct dp_site *code)
{
    return enter_from(code, DP_STACK_HERE);
}

uint64_t deep_profile_enter_call(struct dp_site *site)
{
    return enter_from(site, DP_STACK_HERE | DP_PLAIN_CALL);
}

uint64_t deep_profile_ask_call(struct dp_site *site)
{
    uint64_t due = not_opened(site), asked = deep_profile_entry_tick & DP_ASK_ALL_SHOWS;
    deep_profile_budget -= site->weight;
    if (deep_profile_budget < 0 || asked)
        due = enter_from(site, DP_STACK_HERE | DP_PLAIN_CALL);
    if (site->count_slot && deep_profile_counts)
        deep_profile_counts[site->count_slot]++;
    return due;
}
