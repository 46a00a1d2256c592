/* Interposes sigaction() and signal() of programs with the shared library, so that the
 * host's action for SIGBUS is kept apart from ours. See bus.h. */
#include "bus.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    return dp_bus_sigaction(signal, action, old);
}

EXPORT void (*signal(int number, void (*handler)(int)))(int)
{
    return dp_bus_signal(number, handler);
}
