/*
 * Facts about the process that every room may read, and the losses that belong to no lane.
 * Three objects have similar contents:
 *
 *   facts  our own memory: what is written once at the start (pid, times, program, slow_path_ns)
 *          and the sites of count slots. Nobody outside can cut it.
 *   state  the same struct, mapped from the log's file state/process, for readers of the log.
 *          Without a log, `facts` takes its place.
 *   alive  one word that tells a forked child from the process that made the log.
 *
 * process.c fills them in. Everybody else reads them, and counts losses.
 */
#ifndef DP_FACTS_H
#define DP_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "deep_profile/abi/log.h"
#include "deep_profile/abi/state.h"

/* UNKNOWN --first module loaded--> OFF | ON --exit--> FINISHED */
enum dp_mode {
    DP_MODE_UNKNOWN,  /* no module has been loaded yet */
    DP_MODE_OFF,
    DP_MODE_ON,
    DP_MODE_FINISHED, /* the process is ending: nothing more is profiled */
};

extern DP_HIDDEN _Atomic int dp_process_mode_now;

static inline enum dp_mode dp_process_mode(void)
{
    return (enum dp_mode)atomic_load_explicit(&dp_process_mode_now, memory_order_acquire);
}

/* For process.c. */
void dp_process_set_mode(enum dp_mode mode);

/* 1 in the process that made the log; reads as 0 in a forked child. */
extern DP_HIDDEN const volatile uint32_t *dp_process_alive;

static inline bool dp_process_is_ours(void)
{
    return *dp_process_alive != 0;
}

/* When this process started its log. */
extern DP_HIDDEN uint64_t dp_process_start_ns;

/* Never NULL. Somebody may cut the mapped file at any time; from then on it reads as zeros,
 * so take facts from dp_process_facts(). */
struct dp_process_state *dp_process_state(void);
const struct dp_process_state *dp_process_facts(void);

/* For process.c: the facts to fill in. */
struct dp_process_state *dp_process_facts_to_fill(void);
/* For process.c: makes `mapped` the state; with NULL the facts take its place again. */
void dp_process_use_state(struct dp_process_state *mapped);

/* The site whose calls a count slot counts. Call it under the registry's lock. */
void dp_process_count_site(uint32_t slot, uint32_t site);

/* The executable's base name. */
const char *dp_process_program(void);

/* Counts a loss that belongs to no lane. Any thread. */
void dp_process_lost(enum dp_loss reason, uint64_t count);

/*
 * Writes into the state that the process is about to end: enum dp_end and its code. Async-
 * signal-safe, without a system call. A vfork child runs in its parent's memory and its
 * _exit() looks like the parent's: the steward, who is alive only if the process is, takes
 * it back at its next tick.
 */
void dp_process_note_end(uint32_t end, uint32_t code);
void dp_process_has_not_ended(void);

/* For a child that was forked without pthread_atfork() handlers (host/forks.c): calls
 * `when_forked`, which process.c sets; does nothing before that. Async-signal-safe. */
void dp_process_was_forked(void);
void dp_process_when_forked(void (*when_forked)(void));

#endif
