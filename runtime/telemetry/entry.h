/*
 * How the functions of deep_profile.h that a program calls by itself get in: they may be called
 * at any point of the host, before anything else of the runtime, in a forked child, and from a
 * signal handler that interrupted the runtime.
 */
#ifndef DP_ENTRY_H
#define DP_ENTRY_H

#include "base/facts.h"
#include "thread/lane.h"

/* What stands for the caller in dp_come_in(). */
#define DP_CALLER ((uintptr_t)__builtin_dwarf_cfa() | DP_PLAIN_CALL)

/* Starts the runtime where no module has; otherwise does nothing. Takes locks, makes files. */
void dp_start_here(void);

/* dp_come_in() of a thread, a process or a moment that needs more. */
struct dp_lane *dp_come_in_unusually(uintptr_t caller);

/* The calling thread's lane, marked as busy until dp_go_out(); NULL: nothing is to be done.
 * The first call in a process starts the runtime, and the first in a thread takes its lane,
 * by system calls and locks. Keeps errno. */
static inline struct dp_lane *dp_come_in(uintptr_t caller)
{
    struct dp_lane *lane = dp_self;
    if (DP_UNLIKELY(!lane || !dp_process_is_ours() || lane->busy ||
                    dp_process_mode() != DP_MODE_ON))
        return dp_come_in_unusually(caller);
    lane->busy = caller;
    DP_COMPILER_BARRIER();
    return lane;
}

static inline void dp_go_out(struct dp_lane *lane)
{
    lane->telemetry_calls++;
    DP_COMPILER_BARRIER();
    lane->busy = 0;
}

#endif
