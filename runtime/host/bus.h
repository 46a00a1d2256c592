/*
 * A log file that somebody cuts short while it is mapped: the next store into
 * it raises SIGBUS, in the host. Here that signal is caught, the mapping is
 * replaced by memory, and what goes into it is counted as lost.
 *
 * The host keeps its own action for SIGBUS (docs/decisions/0011-sigbus.md).
 */
#ifndef DP_BUS_H
#define DP_BUS_H

#include <signal.h>
#include <stdint.h>

/* Before the first file is mapped. Nothing is done where the host ignores the signal. */
void dp_bus_guard(void);
/* There will be no profile: the host's action is in place again. */
void dp_bus_leave(void);
/* What was mended since it was asked last, for the process's losses (no_space). */
uint64_t dp_bus_take_losses(void);
/* By the steward, now and then: takes the place again that was left to the
 * host's action for a fault of its own. */
void dp_bus_guard_again(void);

/* In a forked child: the lock may be held by a thread that is not there. */
void dp_bus_unlock(void);

/* sigaction() and signal() of the host: its action is kept apart from ours. */
int dp_bus_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
void (*dp_bus_signal(int signal, void (*handler)(int)))(int);

#endif
