/*
 * Stacks and modules in the process's stream. A stack is written once, before the first
 * sample that names it; again where the table of those that were written was full. Steward
 * only.
 */
#ifndef DP_STACK_LOG_H
#define DP_STACK_LOG_H

#include "ask.h"

/* Before the steward runs, and in a forked child: nothing is written yet. */
void dp_stack_log_init(void);
void dp_stack_log_release(void);

/* The stack's number. 0: it has no frames, or the log refused it. */
uint64_t dp_stack_log(const struct dp_frames *stack);

/* Looks for modules where code was met that is in none. */
void dp_modules_log(void);

#endif
