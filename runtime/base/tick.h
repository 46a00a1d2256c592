/*
 * The coarse clock: deep_profile_tick (abi/gate.h), which inserted code reads at every
 * entry and exit, and the times of the last ticks. The steward advances it; any thread
 * asks how far apart two ticks were, since a call that saw a late tick is less exact.
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

/* Gap between the tick `t0` and the one after it; the longest gap there was, when that
 * tick is not kept any more. A dp_out_function: (-, t0, -). */
uint64_t dp_tick_gap_after(void *, uintptr_t t0, uintptr_t);

#endif
