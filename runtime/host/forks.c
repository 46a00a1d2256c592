/*
 * Interposes the two functions of libc that fork without running pthread_atfork handlers.
 * Such a child has our thread-local words and our shared mappings: until its first opened
 * call it would count into its parent's log. Shared library only. A child made by
 * syscall(SYS_clone) is not noticed here: see docs/reliability.md.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/facts.h"

#include "base/compiler.h"

#define EXPORT __attribute__((visibility("default")))

typedef int clone_function(int (*run)(void *), void *stack, int flags, void *argument, ...);

static pid_t (*next_fork)(void);
static clone_function *next_clone;

/* As early as malloc's: a signal handler may need either of them. */
__attribute__((constructor(101), cold)) DP_FROM_HOST static void resolve(void)
{
    *(void **)&next_fork = dlsym(RTLD_NEXT, "_Fork");
    *(void **)&next_clone = dlsym(RTLD_NEXT, "clone");
}

static void resolve_late(const void *found)
{
    if (!found)
        resolve();
}

EXPORT DP_FROM_HOST pid_t _Fork(void)
{
    resolve_late((const void *)next_fork);
    if (!next_fork) {
        errno = ENOSYS;
        return -1;
    }
    pid_t child = next_fork();
    if (child == 0)
        dp_process_was_forked();
    return child;
}

/* Lives on the stack of the caller of clone(), which the child has a copy of. */
struct start {
    int (*run)(void *);
    void *argument;
};

static int run_child(void *start_of_child)
{
    const struct start *start = start_of_child;
    dp_process_was_forked();
    return start->run(start->argument);
}

EXPORT DP_FROM_HOST int clone(int (*run)(void *), void *stack, int flags, void *argument, ...)
{
    struct start start = {run, argument};
    va_list rest;
    va_start(rest, argument);
    pid_t *parent_tid = va_arg(rest, pid_t *);
    void *tls = va_arg(rest, void *);
    pid_t *child_tid = va_arg(rest, pid_t *);
    va_end(rest);
    resolve_late((const void *)next_clone);
    if (!next_clone) {
        errno = ENOSYS;
        return -1;
    }
    if (flags & CLONE_VM || !run) /* a thread, or a call that libc will refuse */
        return next_clone(run, stack, flags, argument, parent_tid, tls, child_tid);
    return next_clone(run_child, stack, flags, &start, parent_tid, tls, child_tid);
}
