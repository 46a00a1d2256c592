/*
 * Steps of a walk for code that no unwind table describes, or where the table needs a register
 * that is not known. Each step is checked against the code: before a return address there is a
 * call.
 */
#ifndef DP_GUESS_H
#define DP_GUESS_H

#include "walk_state.h"

/* Whether pc is the code that a signal handler returns to. Then dp_guess_signal() continues with
 * the registers that the kernel saved. */
bool dp_guess_is_signal_return(const struct dp_walk *walk);
bool dp_guess_signal(struct dp_walk *walk);

/* Finds the caller of code without a rule: by a return address on top of the stack, or by the
 * frame pointer. */
bool dp_guess_step(struct dp_walk *walk);

/* Whether the return address walk->pc was put there by hand, as for a coroutine's first
 * function: it is the start of a function, and no call is before it. Then this is the outermost
 * frame, whatever the table says. */
bool dp_guess_is_put(const struct dp_walk *walk);

/* Finds the unknown walk->fp of code that has set up a frame pointer. */
bool dp_guess_frame(struct dp_walk *walk, const struct dp_code *code);

#endif
