/* _exit() and _Exit() of programs with the shared library, in front of libc's: they finish
 * no log, and the log's reader wants to know that nobody killed the process. They may be
 * called in a signal handler and in a vfork child. exit() does not come through here. */
#include <dlfcn.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/facts.h"

#define EXPORT __attribute__((visibility("default")))

static void (*next_exit)(int);

/* As early as malloc's: a handler may not look it up. */
__attribute__((constructor(101), cold)) DP_FROM_HOST static void resolve(void)
{
    *(void **)&next_exit = dlsym(RTLD_NEXT, "_exit");
}

EXPORT DP_FROM_HOST void _exit(int status)
{
    dp_process_note_end(DP_END_EXIT_CALL, (uint32_t)status & 0xff);
    if (!next_exit)
        resolve();
    next_exit(status);
    __builtin_unreachable();
}

EXPORT DP_FROM_HOST void _Exit(int status)
{
    _exit(status);
}
