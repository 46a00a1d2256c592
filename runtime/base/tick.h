/*
 * The coarse clock: deep_profile_tick (abi/gate.h), which inserted code reads at every
 * entry and exit, and the times of the latest ticks. The steward advances it.
 *
 * Two facts are certain about a call that read the tick t0 at its entry: it began at t0 or
 * later, and before the next tick replaced t0. How far apart these two are is kept for each
 * tick. So a late tick makes the calls that read it less exact, and no others.
 */
#ifndef DP_TICK_H
#define DP_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/call_out.h"
#include "compiler.h"
#include "deep_profile/abi/gate.h"

/* The first tick of this process's own steward. A call whose entry read an earlier one
 * began before it. */
extern DP_HIDDEN uint64_t dp_first_tick;

/* Publishes the first tick, before the steward runs; also in a forked child. */
void dp_tick_start(uint64_t now);
/* Publishes the next tick; does nothing while the tick rests. A gap of many periods counts as a
 * loss (tick_late), and one of more than two where a call over `slow_ns` may have ended unseen: one that
 * began less than half of that before the gap (dp_slow_after), or in it. slow_ns: the shortest threshold that the tick
 * judges; UINT64_MAX: there is none. Steward only. */
void dp_tick_advance(uint64_t now, uint64_t period, uint64_t slow_ns);

/*
 * The tick rests while no thread enters or leaves a call, so that an idle host costs
 * nothing. Meanwhile deep_profile_entry_tick sends every entry to the runtime (DP_ASK_ALL),
 * and deep_profile_tick is past every `due`, which sends every exit there. The first thread
 * that comes publishes a fresh tick, restores both words and wakes the steward. Its call is
 * then judged as if there had been no rest.
 */
void dp_tick_rest(uint64_t period); /* steward only */
bool dp_tick_rests(void);
/* Waits until a thread ends the rest, or until that time. False: the system refuses to
 * wait; then do not rest. Steward only. */
bool dp_tick_wait(uint64_t monotonic_ns);
/* Ends a rest from outside of any call. Any thread. */
void dp_tick_end_rest(void);
/* In a forked child, which has no steward: sends every entry to the runtime.
 * Async-signal-safe. */
void dp_tick_was_forked(void);

/* A dp_out_function: ends the rest and returns the tick in force. */
uint64_t dp_tick_wake(void *, uintptr_t, uintptr_t);

/* The newest tick: that which the last entry read, or could have read. */
static inline uint64_t dp_tick_last(void)
{
    return deep_profile_entry_tick & ~DP_ASKS;
}

/* The tick in force, for an entry or exit that is in the runtime; ends a rest. */
static inline uint64_t dp_tick_in_force(void)
{
    uint64_t tick = deep_profile_entry_tick;
    if (__builtin_expect((tick & DP_ASK_ALL_SHOWS) != 0, 0))
        return dp_call_out(dp_tick_wake, 0, 0, 0);
    return tick;
}

/*
 * The three functions below are dp_out_functions. Any thread may call them at any time.
 *
 * Returns the latest time at which a call can have begun whose entry read the tick `t0`: at
 * the time `now` it has lasted at least `now` minus the result. The result is `now` if
 * nothing is known. Time during which the machine slept does not belong to a call, so it is
 * added to the result.
 */
uint64_t dp_tick_latest_start(void *, uintptr_t t0, uintptr_t now);

/* The same for a call whose start was read from the exact clock. */
uint64_t dp_tick_latest_of_exact(void *, uintptr_t start, uintptr_t now);

/* 1 if `tick` was a tick and is still kept. */
uint64_t dp_tick_was(void *, uintptr_t tick, uintptr_t);

#endif
