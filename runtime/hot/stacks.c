/* See stacks.h. */
#include "stacks.h"

#include "arch/arch.h"
#include "base/clock.h"
#include "base/due.h"
#include "base/facts.h"
#include "call_memory.h"
#include "finish.h"
#include "sites/sites.h"
#include "trees.h"

/* So many calls on other stacks are passed over in search of one on the thread's own stack
 * that was left: in a thread with many suspended coroutines every call pays for the search. */
#define LOOK_BACK 16

static bool has_ended(const struct dp_lane_frame *frame)
{
    return __atomic_load_n(&frame->start_ns, __ATOMIC_RELAXED) & DP_FRAME_ENDED;
}

static uint64_t started(const struct dp_lane_frame *frame)
{
    return __atomic_load_n(&frame->start_ns, __ATOMIC_RELAXED) & ~DP_FRAME_ENDED;
}

/* Takes the frame of an open call. False: another thread has taken it first. Only here does
 * a lane's owner pay for an atomic operation. */
static bool end_frame(struct dp_lane_frame *frame, uint64_t start_ns)
{
    return __atomic_compare_exchange_n(&frame->start_ns, &start_ns, start_ns | DP_FRAME_ENDED,
                                       false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* What has ended at the top makes room. */
static uint64_t trim(struct dp_lane_state *state)
{
    uint64_t depth = state->frames_top;
    while (depth && has_ended(&state->frames[depth - 1]))
        depth--;
    state->frames_top = depth;
    return depth;
}

static bool is_own(const struct dp_lane *lane, uint64_t i)
{
    return dp_on_own_stack(lane, lane->frames[i + 1].stack);
}

static void report_left(struct dp_lane *lane, uint64_t i, enum dp_left left, uint64_t now)
{
    struct dp_lane_frame frame = lane->state->frames[i];
    if (frame.site /* the state's file was cut, see bus.h */ &&
        !(frame.start_ns & DP_FRAME_ENDED) && end_frame(&lane->state->frames[i], frame.start_ns))
        dp_finish_left(lane, i, &frame, left, now);
}

/* The stack pointer in the gate of a call; see open_call(). */
static uintptr_t at_gate(uintptr_t stack)
{
    return stack & DP_PLAIN_CALL ? stack - DP_PLAIN_CALL : stack + DP_THUNK_BYTES;
}

/* Where the gates called us in different ways only bounds of their stack pointers are known. */
bool dp_stacks_is_over(uintptr_t before, const struct dp_site_config *before_config,
                       const struct dp_site_config *config, uintptr_t stack)
{
    if ((before ^ stack) & DP_PLAIN_CALL)
        return at_gate(before) < (stack & ~DP_PLAIN_CALL);
    return before < stack ||
           (before == stack && config->after_inlining && before_config->after_inlining);
}

uint64_t dp_stacks_enter(struct dp_lane *lane, uint64_t depth,
                         const struct dp_site_config *config, uintptr_t stack)
{
    uint32_t passed = 0;
    if (!dp_on_own_stack(lane, stack))
        return trim(lane->state);
    uint64_t now = dp_now_ns();
    for (uint64_t i = depth; i-- > 0 && passed < LOOK_BACK;) {
        if (!is_own(lane, i))
            passed++;
        else if (dp_stacks_is_over(lane->frames[i + 1].stack, lane->frames[i + 1].config, config,
                                   stack))
            report_left(lane, i, DP_LEFT_LONGJMP, now);
        else
            break;
    }
    return trim(lane->state);
}

static void forget(struct dp_lane *lane, uint64_t i)
{
    struct dp_lane_frame frame = lane->state->frames[i];
    if (!frame.site || (frame.start_ns & DP_FRAME_ENDED) ||
        !end_frame(&lane->state->frames[i], frame.start_ns))
        return;
    dp_give_up_memory(lane, i, &frame);
    lane->state->forgotten++;
}

/* Where thousands of calls are suspended, most have no frame when they end. This says so
 * without reading the frames, which may be another thread's. */
static bool is_forgotten(struct dp_lane *lane, uint64_t start_ns)
{
    return start_ns <= atomic_load_explicit(&lane->forgotten_until_ns, memory_order_acquire);
}

static void move_frame(struct dp_lane *lane, uint64_t from, uint64_t to)
{
    struct dp_lane_frame *frames = lane->state->frames;
    lane->frames[to + 1] = lane->frames[from + 1];
    dp_move_memory(lane, from, to);
    frames[to].site = frames[from].site;
    frames[to].kinds = frames[from].kinds;
    frames[to].start_ns = __atomic_load_n(&frames[from].start_ns, __ATOMIC_RELAXED);
}

/* Half of the frames at once, so that each call pays for one move. */
uint64_t dp_stacks_make_room(struct dp_lane *lane)
{
    struct dp_lane_state *state = lane->state;
    uint64_t kept = 0, open = 0, until_ns = 0;
    dp_tree_drop(lane); /* it knows its frames by their places */
    for (uint64_t i = 0; i < state->frames_top; i++)
        open += !has_ended(&state->frames[i]);
    for (uint64_t i = 0; i < state->frames_top; i++) {
        if (open > DP_LANE_FRAMES / 2 && !has_ended(&state->frames[i])) {
            forget(lane, i);
            until_ns = started(&state->frames[i]);
            open--;
        }
        if (!has_ended(&state->frames[i]))
            move_frame(lane, i, kept++);
    }
    if (until_ns) /* they are in order of their start */
        atomic_store_explicit(&lane->forgotten_until_ns, until_ns, memory_order_release);
    for (uint64_t i = kept; i-- > 0;) /* the outermost comes last */
        if (lane->stats[state->frames[i].site])
            lane->stats[state->frames[i].site]->outermost = i;
    lane->frames[0].child_ns = 0; /* is now of the call around those that are left */
    state->frames_top = kept;
    return kept;
}

/* The frame of a call among those of a lane, this thread's or another's; its
 * place, or -1. They are in order of their start. */
static int64_t find(const struct dp_lane_state *state, uint32_t index, uint64_t start_ns)
{
    uint64_t low = 0, high = __atomic_load_n(&state->frames_top, __ATOMIC_ACQUIRE);
    if (high > DP_LANE_FRAMES)
        high = DP_LANE_FRAMES;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (started(&state->frames[middle]) > start_ns)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low && started(&state->frames[low - 1]) == start_ns; low--)
        if (state->frames[low - 1].site == index && !has_ended(&state->frames[low - 1]))
            return (int64_t)low - 1;
    return -1;
}

/* Of this thread's open calls the one at `i` ends. What is younger and on the same
 * stack was left by a longjmp, or by an exception that ran none of its code. */
static void end_at(struct dp_lane *lane, uint64_t i, enum dp_left left, uint64_t now)
{
    struct dp_lane_state *state = lane->state;
    struct dp_lane_frame frame = state->frames[i];
    if (!end_frame(&state->frames[i], frame.start_ns))
        return;
    for (uint64_t j = i + 1; is_own(lane, i) && j < state->frames_top; j++)
        if (is_own(lane, j))
            report_left(lane, j, DP_LEFT_LONGJMP, now);
    if (i && is_own(lane, i) == is_own(lane, i - 1))
        lane->frames[i].child_ns += now - frame.start_ns;
    dp_finish_call(lane, &frame, i, left, now);
    trim(state);
}

/* Takes the frame of an open call from another thread's lane. */
static bool take_frame(struct dp_lane_state *state, uint32_t index, uint64_t start_ns,
                       uint32_t *kinds)
{
    int64_t i = find(state, index, start_ns);
    if (i < 0)
        return false;
    *kinds = state->frames[i].kinds;
    return end_frame(&state->frames[i], start_ns);
}

/* It began on another thread, whose lane still has its frame. */
static bool end_elsewhere(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t start_ns,
                          enum dp_left left, uint64_t now)
{
    struct dp_lane_frame frame = {.start_ns = start_ns, .site = index};
    uint32_t count = dp_lanes_count();
    bool found = false;
    if (lane->stream.parents)
        return false; /* we are a child that was forked in a handler: it ends there, too */
    for (uint32_t l = due >> DP_DUE_LANE_SHIFT & (DP_DUE_LANES - 1); l < count && !found;
         l += DP_DUE_LANES) {
        struct dp_lane *other = dp_lane_at(l);
        if (other == lane || is_forgotten(other, start_ns))
            continue;
        /* Announce the visit first: the steward unmaps lanes that nobody uses (thread/lanes.c). */
        atomic_fetch_add(&other->visitors, 1);
        struct dp_lane_state *state = __atomic_load_n(&other->state, __ATOMIC_SEQ_CST);
        found = state && take_frame(state, index, start_ns, &frame.kinds);
        atomic_fetch_sub(&other->visitors, 1);
    }
    if (found)
        dp_finish_call(lane, &frame, DP_NO_FRAME, left, now);
    return found;
}

/* It has a frame, or its lane has forgotten it. */
static void exit_opened(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    uint64_t start_ns = dp_due_start(due, now);
    enum dp_left left = due & DP_DUE_UNWOUND ? DP_LEFT_UNWIND : DP_LEFT_RETURN;
    uint32_t began_on = due >> DP_DUE_LANE_SHIFT & (DP_DUE_LANES - 1);
    int64_t i = -1;
    trim(lane->state);
    bool here = began_on == lane->index % DP_DUE_LANES;
    if (here && !is_forgotten(lane, start_ns))
        i = find(lane->state, index, start_ns);
    lane->state->slow_paths++;
    if (i >= 0) {
        end_at(lane, (uint64_t)i, left, now);
        return;
    }
    if (start_ns < dp_process_start_ns)
        return; /* the parent's call, which ends in a forked child, too */
    _Atomic bool *migrates = &dp_sites[index].migrates;
    if (!here && !atomic_load_explicit(migrates, memory_order_relaxed))
        atomic_store_explicit(migrates, true, memory_order_relaxed);
    if (!end_elsewhere(lane, index, due, start_ns, left, now)) {
        struct dp_lane_frame frame = {
            .start_ns = start_ns,
            .site = index,
            .kinds = due >> DP_DUE_KINDS_SHIFT & DP_DUE_KINDS};
        lane->state->forgotten--;
        dp_finish_call(lane, &frame, DP_NO_FRAME, left, now);
    }
}

void dp_stacks_exit(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    const struct dp_site_config *config;
    if (lane->tree_on && dp_tree_exit(lane, index, due, now, &config))
        dp_finish_below(lane, index, config, due & ~DP_DUE_UNWOUND, now);
    else if (due >> DP_DUE_KINDS_SHIFT & DP_DUE_KINDS)
        exit_opened(lane, index, due, now);
    else
        lane->state->slow_paths++; /* its tree is gone */
    dp_tree_after_exit(lane);
}

struct jump {
    uintptr_t target, handlers;
    size_t bytes;
    bool to_own, to_handlers;
};

static bool is_jumped_over(const struct dp_lane *lane, const struct jump *jump, uintptr_t stack)
{
    bool below = at_gate(stack) < jump->target;
    return dp_on_own_stack(lane, stack)
               ? jump->to_own && below
               : stack - jump->handlers < jump->bytes &&
                     (jump->to_own || (jump->to_handlers && below));
}

/*
 * On the thread's own stack everything below the target is over. Between two other
 * stacks a longjmp may be how coroutines are switched, and nothing is over; but a
 * handler on the alternate stack that is left does not come back.
 */
void dp_stacks_jump(uintptr_t target, uintptr_t here, uintptr_t handlers, size_t bytes)
{
    struct dp_lane *lane = dp_self;
    if (!lane || !dp_process_is_ours())
        return;
    struct dp_lane_state *state = lane->state;
    bool to_own = dp_on_own_stack(lane, target);
    if (lane->busy) {
        if (!to_own || !dp_on_own_stack(lane, lane->busy) || target < lane->busy)
            return; /* within the handler */
        state->lost[DP_LOSS_REENTERED]++;
    }
    if (!state->frames_top) {
        lane->busy = 0;
        return;
    }
    lane->busy = here;
    DP_COMPILER_BARRIER();
    const struct jump jump = {target, handlers, bytes, to_own, target - handlers < bytes};
    uint64_t now = dp_now_ns();
    for (uint64_t i = state->frames_top; i-- > 0;)
        if (is_jumped_over(lane, &jump, lane->frames[i + 1].stack))
            report_left(lane, i, DP_LEFT_LONGJMP, now);
    while (lane->tree_on && is_jumped_over(lane, &jump, dp_tree_innermost(lane)))
        dp_tree_leave_innermost(lane, now);
    trim(state);
    DP_COMPILER_BARRIER();
    lane->busy = 0;
}

void dp_stacks_leave(struct dp_lane *lane, enum dp_left left)
{
    uint64_t now = dp_now_ns();
    dp_tree_drop(lane);
    for (uint64_t i = lane->state->frames_top; i-- > 0;) {
        /* A coroutine may go on in another thread. */
        if (left == DP_LEFT_THREAD_EXIT && lane->stack_bytes && !is_own(lane, i))
            forget(lane, i);
        else
            report_left(lane, i, left, now);
    }
    lane->state->frames_top = 0;
}

/*
 * A handler that interrupted the runtime has its frames below those of the
 * runtime, on the same stack, or is on a stack of its own. So when code on the
 * same stack is not below, or what a thunk's call left on the stack has been
 * written over, the runtime's frames are gone.
 */
bool dp_stacks_left_runtime(const struct dp_lane *lane, uintptr_t stack)
{
    uintptr_t inside = lane->busy & ~DP_PLAIN_CALL;
    if (stack == inside)
        return true;
    if (!dp_on_own_stack(lane, stack) || !dp_on_own_stack(lane, inside))
        return false;
    if (stack > inside)
        return true;
#if DP_HAVE_THUNKS && !defined __SANITIZE_THREAD__
    uintptr_t back = *(const uintptr_t *)(inside - sizeof back);
    return !(lane->busy & DP_PLAIN_CALL) && back != (uintptr_t)dp_enter_returns &&
           back != (uintptr_t)dp_exit_returns;
#else
    return false;
#endif
}
