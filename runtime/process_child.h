/*
 * The forked child. It has the parent's files mapped and the parent's words in its
 * threads; the first opened call finds that out (dp_process_is_ours) and starts a log of
 * its own. For process.c.
 */
#ifndef DP_PROCESS_CHILD_H
#define DP_PROCESS_CHILD_H

#include <stdbool.h>

#include "base/compiler.h"
#include "deep_profile/abi/gate.h"

/* The calling thread is being met, or reset in a forked child: calls of a handler that comes
 * in between are lost. */
extern DP_HIDDEN DP_INITIAL_EXEC _Thread_local bool dp_process_meeting;

/* From here on a forked child finds that the process is not its own. 0 or -ENOMEM. */
int dp_process_watch_forks(void);
/* Once there is a log: from here on a forked child is reset at once, by pthread_atfork()
 * or, where that is not run, by host/forks.c. */
void dp_process_handle_forks(void);

/* In a child: one of its threads starts its log, the others wait for it. Afterwards the
 * process is ours, or profiling is off. */
void dp_process_become_own(void);

#endif
