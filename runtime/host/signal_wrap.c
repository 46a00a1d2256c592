/* The same as signal.c for static programs, by the linker's --wrap. */
#include "bus.h"

int __wrap_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    return dp_bus_sigaction(signal, action, old);
}

void (*__wrap_signal(int signal, void (*handler)(int)))(int)
{
    return dp_bus_signal(signal, handler);
}
