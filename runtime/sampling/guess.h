/*
 * Steps of a walk where nothing describes the code, or a register that the description needs is
 * not known. Each is checked against the code: a return address lies behind a call.
 */
#ifndef DP_GUESS_H
#define DP_GUESS_H

#include "walk_state.h"

/* Is pc code that a signal handler returns to? Then what dp_guess_signal() goes on with are the
 * registers that the kernel saved. */
bool dp_guess_is_signal_return(const struct dp_walk *walk);
bool dp_guess_signal(struct dp_walk *walk);

/* The caller of code without a rule: by a return address on top of the stack, or by the frame
 * pointer. */
bool dp_guess_step(struct dp_walk *walk);

/* The return address walk->pc was put there by hand, as that of a coroutine's first function: it
 * is where a function begins, and no call is in front of it. That is the outermost frame,
 * whatever is described of it. */
bool dp_guess_is_put(const struct dp_walk *walk);

/* Finds walk->fp, which is not known, of code that has set up a frame pointer. */
bool dp_guess_frame(struct dp_walk *walk, const struct dp_code *code);

#endif
