/*
 * The forked child. It has inherited the parent's mapped files, and the parent's words in
 * its threads. Its first opened call finds that out (dp_process_is_ours) and starts a log
 * of its own. For process.c.
 */
#ifndef DP_PROCESS_CHILD_H
#define DP_PROCESS_CHILD_H

#include <stdbool.h>

#include "base/compiler.h"
#include "deep_profile/abi/gate.h"

/* True while the calling thread is being met, or reset in a forked child: calls of a
 * handler that interrupts this are lost. */
extern DP_HIDDEN DP_INITIAL_EXEC _Thread_local bool dp_process_meeting;

/* From now on a forked child notices that the process is not its own. 0 or -ENOMEM. */
int dp_process_watch_forks(void);
/* Call it when there is a log. From now on a forked child is reset at once: by
 * pthread_atfork() or, where those handlers do not run, by host/forks.c. */
void dp_process_handle_forks(void);

/* In a child: one of its threads starts its log, the others wait. Afterwards the process is
 * ours, or profiling is off. */
void dp_process_become_own(void);

#endif
