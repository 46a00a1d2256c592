/*
 * The coarse clock: deep_profile_tick (abi/gate.h), which inserted code reads at every
 * entry and exit, and the times of the last ticks. The steward advances it.
 *
 * Of a call that read the tick t0 at its entry two things are certain: it began at t0 or
 * later, and before t0 was replaced by the next tick. How far these two lie apart is kept
 * for each tick: a late tick makes the calls that read it less exact, and no others.
 */
#ifndef DP_TICK_H
#define DP_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/call_out.h"
#include "compiler.h"
#include "deep_profile/abi/gate.h"

/* The first tick of this process's own steward: a call whose entry read an earlier one
 * began before it. */
extern DP_HIDDEN uint64_t dp_first_tick;

/* The first tick, before the steward runs; also in a forked child. */
void dp_tick_start(uint64_t now);
/* The next one. A gap of many periods counts as a loss (tick_late). Nothing while the tick
 * rests. Steward only. */
void dp_tick_advance(uint64_t now, uint64_t period);

/*
 * The tick rests while nobody enters or leaves a call: an idle host costs nothing. Meanwhile
 * deep_profile_entry_tick asks every entry to come to the runtime (DP_ASK_ALL), and
 * deep_profile_tick is past every `due`, so that every exit comes. Whoever comes first
 * publishes a fresh tick, restores both words and wakes the steward, and then its call is
 * judged as if there had been no rest.
 */
void dp_tick_rest(uint64_t period); /* steward only */
bool dp_tick_rests(void);
/* Until the tick is woken, or until then. False: the system refuses to wait; then do not
 * rest. Steward only. */
bool dp_tick_wait(uint64_t monotonic_ns);
/* Ends a rest, from outside of any call. Any thread. */
void dp_tick_end_rest(void);
/* In a forked child: its entries ask, and no steward is there. Async-signal-safe. */
void dp_tick_was_forked(void);

/* A dp_out_function: ends the rest; the tick in force. */
uint64_t dp_tick_wake(void *, uintptr_t, uintptr_t);

/* The tick that the last entry read, or could have read. */
static inline uint64_t dp_tick_last(void)
{
    return deep_profile_entry_tick & ~DP_ASKS;
}

/* The tick in force, for an entry or exit in the runtime: it ends a rest. */
static inline uint64_t dp_tick_in_force(void)
{
    uint64_t tick = deep_profile_entry_tick;
    if (__builtin_expect((tick & DP_ASK_ALL_SHOWS) != 0, 0))
        return dp_call_out(dp_tick_wake, 0, 0, 0);
    return tick;
}

/*
 * The three questions below are dp_out_functions. Any thread may ask at any time.
 *
 * A call read the tick `t0` at its entry, and it is now `now`: it has lasted for `now` less
 * the result at least. The result is `now` where nothing is known. Time during which the
 * machine slept is not part of a call's time, so it is part of the result.
 */
uint64_t dp_tick_latest_start(void *, uintptr_t t0, uintptr_t now);

/* The same of a call whose start was read from the clock. */
uint64_t dp_tick_latest_of_exact(void *, uintptr_t start, uintptr_t now);

/* 1: `tick` was a tick, and is still kept. */
uint64_t dp_tick_was(void *, uintptr_t tick, uintptr_t);

#endif
