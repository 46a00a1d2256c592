/*
 * A thread that a gate or an exit cannot use as it is: the runtime has not met it yet, or is at
 * work in it already. Under the same rules as enter.c.
 */
#ifndef DP_MEET_H
#define DP_MEET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "arch/call_out.h"
#include "thread/lane.h"

/* Set by process.c before any gate opens: the calling thread's first opened call, or the
 * first in a forked child. A dp_out_function: (-, -, -). 1: dp_self is set; 0: the
 * thread's calls are not profiled. NULL: no module has been loaded yet. */
extern DP_HIDDEN _Atomic(dp_out_function *) dp_meet_thread;

/* Calls it. True: dp_self is set, unless a signal handler has forked meanwhile and this is the
 * child. */
bool dp_meet_calling_thread(void);

/* lane->busy is set, and a call begins or ends at `stack`. True: a signal handler interrupted
 * the runtime and made this call, which is lost. False: a handler's longjmp cut the runtime
 * short, at the record of an earlier call, which is lost; this one goes on. */
bool dp_is_reentered(struct dp_lane *lane, uintptr_t stack);

#endif
