/*
 * Which of a thread's open calls are still open, when control did not go by
 * calls and returns alone: longjmp, exceptions, coroutines, signal handlers.
 * Under the same rules as enter.c, which calls it where the simple case ends.
 *
 * A lane keeps the open calls that began on it in order of time. A thread's own stack is
 * the one that it was started on; its bounds are known. There, a call is over once another
 * begins or ends above its frame: that is proof. So is one that begins with the same stack
 * pointer, where the gates of both were inserted after inlining: an exception that passed
 * through frames without landing pads left the first. Frames on other stacks belong to
 * coroutines or signal handlers. Which of them are suspended and which abandoned is not
 * known, so they stay until they end, on whatever thread, or until the lane must forget
 * them. Forgotten calls are counted, and are timed all the same when they end, since their
 * `due` says what they are (gate.h).
 */
#ifndef DP_STACKS_H
#define DP_STACKS_H

#include "sites/config.h"
#include "thread/lane.h"

/* The stack pointer at the call of the function that says this: with it, calls are ordered. */
#define DP_STACK_HERE ((uintptr_t)__builtin_dwarf_cfa())

static inline bool dp_on_own_stack(const struct dp_lane *lane, uintptr_t address)
{
    return address - lane->stack_low < lane->stack_bytes;
}

/* A call under `config` begins at `stack`, above the frame of the innermost open one or
 * with the same stack pointer (`depth` are open): how many are left. */
uint64_t dp_stacks_enter(struct dp_lane *lane, uint64_t depth,
                         const struct dp_site_config *config, uintptr_t stack);
/* A call under `config` begins at `stack`: is the one that began at `before` over? Both on the
 * thread's own stack. */
bool dp_stacks_is_over(uintptr_t before, const struct dp_site_config *before_config,
                       const struct dp_site_config *config, uintptr_t stack);
/* The lane's frames are full: forgets the oldest; how many are left. */
uint64_t dp_stacks_make_room(struct dp_lane *lane);
/* An opened call ends that is not the innermost of this thread's. */
void dp_stacks_exit(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now);
/* The thread ends, or the process does: what becomes of the calls still open. A
 * dp_leave_calls (thread/lanes.h). */
void dp_stacks_leave(struct dp_lane *lane, enum dp_left left);

/* The thread, now at `here`, is about to longjmp to where the stack pointer is
 * `target`; `handlers`: its alternate signal stack when it is on it, else of no
 * bytes. For ordinary code. */
void dp_stacks_jump(uintptr_t target, uintptr_t here, uintptr_t handlers, size_t bytes);

/* lane->busy is set, and code at `stack` asks to come in. True: what was inside
 * the runtime was left by a longjmp out of a signal handler, and never comes back. */
bool dp_stacks_left_runtime(const struct dp_lane *lane, uintptr_t stack);

#endif
