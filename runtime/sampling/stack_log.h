/*
 * Writes stacks and modules into the process's stream. A stack is written once, before the first
 * sample that refers to it. The table of written stacks is bounded: when it is full it is
 * emptied, and stacks are written again. Steward only.
 */
#ifndef DP_STACK_LOG_H
#define DP_STACK_LOG_H

#include "ask.h"

/* Called before the steward runs, and in a forked child, whose log has no stacks yet. */
void dp_stack_log_init(void);
void dp_stack_log_release(void);

/* Writes the stack if needed. Its number; 0: it has no frames, or the log refused it. */
uint64_t dp_stack_log(const struct dp_frames *stack);

/* Refreshes the modules when that is due (modules.h), and writes the changes. */
void dp_modules_log(void);

#endif
