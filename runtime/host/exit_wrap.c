/* The same as exit.c for static programs, by the linker's --wrap. */
#include "base/facts.h"

_Noreturn void __real__exit(int status);

_Noreturn void __wrap__exit(int status)
{
    dp_process_note_end(DP_END_EXIT_CALL, (uint32_t)status & 0xff);
    __real__exit(status);
}

_Noreturn void __wrap__Exit(int status)
{
    __wrap__exit(status);
}
