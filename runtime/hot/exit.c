/* See exit.h. Under the same rules as enter.c. */
#include "exit.h"

#include "aggregate.h"
#include "base/clock.h"
#include "base/due.h"
#include "base/facts.h"
#include "base/tick.h"
#include "finish.h"
#include "meet.h"
#include "record.h"
#include "sites/config.h"
#include "stacks.h"

/* Every way but the short one. */
static __attribute__((noinline)) void exit_popped(struct dp_lane *lane, uint64_t depth,
                                                  uint64_t now)
{
    if (lane->frames[depth + 1].config->path == DP_PATH_MEMORY_EVERY)
        dp_finish_counted(lane, depth, now);
    else
        dp_finish_call(lane, &lane->state->frames[depth], depth, DP_LEFT_RETURN, now);
}

static __attribute__((noinline)) void record_call(struct dp_lane *lane, uint32_t index,
                                                  uint64_t duration_ns, uint64_t now)
{
    dp_record_call(lane, DP_EVENT_ID_call, DP_EVENT_ID_call_wide, index, duration_ns, now, false);
}

/* The innermost open call ends, unless its `due` is another, or it is left by an exception
 * (DP_DUE_UNWOUND). */
static inline __attribute__((always_inline)) void exit_opened(struct dp_lane *lane, uint32_t index,
                                                              uint64_t due, uint64_t now)
{
    struct dp_lane_state *state = lane->state;
    uint64_t depth = state->frames_top - 1;
    if (DP_UNLIKELY(depth >= DP_LANE_FRAMES || lane->frames[depth + 1].due != due ||
                    state->frames[depth].site != index)) {
        dp_stacks_exit(lane, index, due, now);
        return;
    }
    struct dp_frame *local = &lane->frames[depth + 1];
    uint64_t duration_ns = now - state->frames[depth].start_ns;
    const struct dp_site_config *config = local->config;
    struct dp_site_stats *stats = lane->stats[index];
    state->frames_top = depth;
    state->slow_paths++;
    lane->frames[depth].child_ns += duration_ns; /* of the call around; [0]: of none */
    if (DP_UNLIKELY(duration_ns >= config->short_below_ns /* also a negative one */ || !stats)) {
        exit_popped(lane, depth, now);
        return;
    }
    if (duration_ns >= 1u << DP_CALL_DURATION_BITS)
        __builtin_unreachable(); /* see short_below_ns */
    stats->calls += config->always_open; /* else only an estimate is known */
    if (DP_UNLIKELY(dp_stats_is_nested(lane, stats, depth)))
        stats->nested_ns += duration_ns * config->population.copies;
    dp_stats_add_call(lane, stats, &config->population, duration_ns, local->child_ns);
    if (config->path == DP_PATH_TIME_EVERY)
        return;
    if (DP_UNLIKELY(index >= 1u << DP_CALL_SITE_BITS) ||
        !dp_record_word(&lane->stream, DP_EVENT_ID_call,
                        index | (uint32_t)duration_ns << DP_CALL_SITE_BITS, now))
        record_call(lane, index, duration_ns, now);
}

/*
 * The first that the runtime hears of a thread may be the end of a call: a slow one in
 * whole-program mode, or one of a coroutine that began on another thread. Calls that were
 * opened before fork belong to the parent.
 */
static __attribute__((noinline)) void exit_first(uint32_t index, uint64_t due, uintptr_t stack)
{
    uint64_t now = dp_now_ns();
    if (due & DP_DUE_OPENED && !dp_process_is_ours()) {
        deep_profile_budget = -1; /* the child of a fork in a handler: its gate has drawn another */
        return;
    }
    if (!dp_meet_calling_thread())
        return;
    struct dp_lane *lane = dp_self;
    if (!lane)
        return; /* a handler forked meanwhile, and this is the child */
    lane->busy = stack;
    DP_COMPILER_BARRIER();
    if (due & DP_DUE_OPENED)
        dp_stacks_exit(lane, index, due, now);
    else
        dp_finish_slow(lane, index, due & ~DP_DUE_UNWOUND, now);
    DP_COMPILER_BARRIER();
    lane->busy = 0;
}

/* Of a call that was not opened: it came because the tick rested. */
static inline bool is_not_due(uint64_t due)
{
    return DP_UNLIKELY(deep_profile_entry_tick & DP_ASK_ALL_SHOWS) &&
           dp_tick_in_force() < (due & ~DP_DUE_UNWOUND);
}

static __attribute__((noinline)) void exit_watched(struct dp_lane *lane, uint32_t index,
                                                   uint64_t due, uint64_t now)
{
    dp_finish_slow(lane, index, due & ~DP_DUE_UNWOUND, now);
}

static inline __attribute__((always_inline)) void exit_from(struct dp_site *code, uint64_t due,
                                                            uintptr_t stack)
{
    struct dp_lane *lane = dp_self;
    uint32_t index = code->index;
    if (DP_UNLIKELY(index == 0))
        return;
    if (DP_UNLIKELY(!(due & DP_DUE_OPENED)) && is_not_due(due))
        return;
    if (DP_UNLIKELY(!lane || !dp_process_is_ours())) {
        exit_first(index, due, stack);
        return;
    }
    if (DP_UNLIKELY(lane->busy) && dp_is_reentered(lane, stack))
        return;
    lane->busy = stack;
    DP_COMPILER_BARRIER();
    uint64_t now = dp_now_ns(); /* read last: no handler can record a later time before */
    if (DP_LIKELY(due & DP_DUE_OPENED))
        exit_opened(lane, index, due, now);
    else
        exit_watched(lane, index, due, now);
    DP_COMPILER_BARRIER();
    lane->busy = 0;
}

void dp_exit(struct dp_site *code, uint64_t due)
{
    exit_from(code, due, DP_STACK_HERE);
}

void deep_profile_exit_call(struct dp_site *site, uint64_t due)
{
    exit_from(site, due, DP_STACK_HERE | DP_PLAIN_CALL);
}
