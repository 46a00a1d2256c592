/*
 * Handles a log file that somebody cuts while it is mapped. The next store into it raises
 * SIGBUS, in the host. The handler here maps memory in its place, and what goes into that
 * memory is counted as lost.
 *
 * The host keeps its own action for SIGBUS (docs/decisions/0011-sigbus.md).
 */
#ifndef DP_BUS_H
#define DP_BUS_H

#include <signal.h>
#include <stdint.h>

/* Call it before the first file is mapped. Does nothing if the host ignores the signal. */
void dp_bus_guard(void);
/* Puts the host's action back, when there will be no profile. */
void dp_bus_leave(void);
/* The number of mappings replaced since the last call, for the process's losses (no_space). */
uint64_t dp_bus_take_losses(void);
/* For the steward, now and then: puts our action back after the host's own one has handled
 * a fault of the host's. */
void dp_bus_guard_again(void);

/* In a forked child: the lock may be held by a thread that does not exist there. */
void dp_bus_unlock(void);

/* The host's sigaction() and signal(): they set the host's action, which is kept apart from
 * ours. */
int dp_bus_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
void (*dp_bus_signal(int signal, void (*handler)(int)))(int);

#endif
