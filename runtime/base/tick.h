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

#include <stdint.h>

#include "compiler.h"
#include "deep_profile/abi/gate.h"

/* The first tick of this process's own steward: a call whose entry read an earlier one
 * began before it. */
extern DP_HIDDEN uint64_t dp_first_tick;

/* The first tick, before the steward runs; also in a forked child. */
void dp_tick_start(uint64_t now);
/* The next one. A gap of many periods counts as a loss (tick_late). Steward only. */
void dp_tick_advance(uint64_t now, uint64_t period);

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
