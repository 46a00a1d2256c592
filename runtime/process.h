/*
 * The process as a whole: on or off, where the log is, whether this is still
 * the process that opened it.
 *
 *     UNKNOWN --first module loaded--> OFF | ON --exit--> FINISHED
 *
 * After fork() the child is in ON with the parent's files mapped; the first
 * opened call finds that out (dp_process_is_ours) and starts a log of its own.
 */
#ifndef DP_PROCESS_H
#define DP_PROCESS_H

#include "base/types.h"

/* 1 in the process that made the log; reads as 0 in a forked child. */
extern DP_HIDDEN const volatile uint32_t *dp_process_alive;

static inline bool dp_process_is_ours(void)
{
    return *dp_process_alive != 0;
}

enum dp_mode dp_process_mode(void);

/* When this process's log was begun. */
extern DP_HIDDEN uint64_t dp_process_start_ns;

/* The mapped state; a private stand-in while there is none. Never NULL. For writing:
 * when somebody cuts the file it is zeros from then on. */
struct dp_process_state *dp_process_state(void);
/* What is written once, from memory of our own: pid, times, slow_path_ns, the sites
 * of count slots. */
const struct dp_process_state *dp_process_facts(void);
void dp_process_count_site(uint32_t slot, uint32_t site);
const char *dp_process_program(void);   /* base name of the executable */

void dp_process_lost(enum dp_loss reason, uint64_t count);
/* Once more, where the file system refused it: what a log cannot do without. */
void dp_process_mend_log(void);

/* In the child, first of all. fork() comes to it by pthread_atfork(); ways of
 * forking that run no such handlers are in forks.c. Async-signal-safe. */
void dp_process_was_forked(void);

/* A dp_deep function: the calling thread's first opened call (or the first in
 * a forked child). 1: dp_self is set; 0: its calls are not profiled. */
uint64_t dp_process_meet_thread(void *, uintptr_t, uintptr_t);

/* Bits 1u << enum dp_resource. */
extern DP_HIDDEN _Atomic uint32_t dp_load_closed;

static inline bool dp_load_gate_closed(void)
{
    return atomic_load_explicit(&dp_load_closed, memory_order_relaxed) != 0;
}

/* Of this process's own steward: calls with an earlier one began before it. */
extern DP_HIDDEN uint64_t dp_first_tick;

/* Gap between the tick `t0` and the one after it. A dp_deep function: (-, t0, -). */
uint64_t dp_tick_gap_after(void *, uintptr_t t0, uintptr_t);

#endif
