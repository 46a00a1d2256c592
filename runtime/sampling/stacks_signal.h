/*
 * The signal at which all threads are written down (DEEP_PROFILE_STACKS_SIGNAL). The handler,
 * in whichever thread it comes to, sets a flag, and puts a wait that it interrupted back to be
 * made again (mend.h); the steward takes the flag. Where every thread of the host blocks the
 * signal it waits for the process: then the steward takes it from there.
 *
 * The host keeps an action of its own, whether it sets it before or after (host/bus.c).
 */
#ifndef DP_STACKS_SIGNAL_H
#define DP_STACKS_SIGNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* Installs it; `name` as in the setting, "": none. Also in a forked child, which has it already.
 * NULL, or why it was refused. */
const char *dp_stacks_signal_start(const char *name);

/* Steward only: has it come since the last time? */
bool dp_stacks_signal_came(uint64_t now);

/* The signal in use; 0: none. */
extern DP_HIDDEN _Atomic int dp_stacks_signal_in_use;
static inline int dp_stacks_signal(void)
{
    return atomic_load(&dp_stacks_signal_in_use);
}
/* The host wants it for itself. Any thread. */
void dp_stacks_signal_give_up(void);

#endif
