/*
 * The exec functions, in front of libc's, of programs with the shared library: no signal of
 * ours may wait for a thread that becomes another program (sampling/ask.h). execl() and its
 * like collect their arguments as libc does, on the stack.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/facts.h"
#include "base/os.h"
#include "sampling/ask.h"

#define EXPORT __attribute__((visibility("default")))

static int (*next_execve)(const char *, char *const[], char *const[]);
static int (*next_execvpe)(const char *, char *const[], char *const[]);
static int (*next_fexecve)(int, char *const[], char *const[]);
static int (*next_execveat)(int, const char *, char *const[], char *const[], int);

static void find_next(void)
{
    *(void **)&next_execve = dlsym(RTLD_NEXT, "execve");
    *(void **)&next_execvpe = dlsym(RTLD_NEXT, "execvpe");
    *(void **)&next_fexecve = dlsym(RTLD_NEXT, "fexecve");
    *(void **)&next_execveat = dlsym(RTLD_NEXT, "execveat"); /* glibc 2.34 */
}

/* When only a library of the program is instrumented, the program finds libc's functions before
 * ours. */
__attribute__((constructor)) static void look_who_is_in_front(void)
{
    Dl_info in_front, ours;
    void *first = dlsym(RTLD_DEFAULT, "execve");
    find_next();
    if (first && dladdr(first, &in_front) && dladdr((void *)(uintptr_t)find_next, &ours) &&
        in_front.dli_fbase == ours.dli_fbase)
        dp_ask_exec_holds();
}

/* A child of vfork shares our memory, but the steward sends it no signal. */
static bool hold(void)
{
    if (dp_process_mode() != DP_MODE_ON || !dp_process_is_ours() ||
        dp_os_pid() != dp_process_facts()->pid)
        return false;
    dp_ask_hold();
    return true;
}

static int go_on(bool held, int result)
{
    if (held)
        dp_ask_go_on();
    return result;
}

EXPORT DP_FROM_HOST int execve(const char *path, char *const argv[], char *const envp[])
{
    if (!next_execve)
        find_next();
    bool held = hold();
    return go_on(held, next_execve(path, argv, envp));
}

EXPORT DP_FROM_HOST int execvpe(const char *file, char *const argv[], char *const envp[])
{
    if (!next_execvpe)
        find_next();
    bool held = hold();
    return go_on(held, next_execvpe(file, argv, envp));
}

EXPORT DP_FROM_HOST int fexecve(int fd, char *const argv[], char *const envp[])
{
    if (!next_fexecve)
        find_next();
    bool held = hold();
    return go_on(held, next_fexecve(fd, argv, envp));
}

EXPORT DP_FROM_HOST int execveat(int fd, const char *path, char *const argv[], char *const envp[],
                                 int flags)
{
    if (!next_fexecve)
        find_next();
    if (!next_execveat) {
        errno = ENOSYS;
        return -1;
    }
    bool held = hold();
    return go_on(held, next_execveat(fd, path, argv, envp, flags));
}

EXPORT int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

EXPORT int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

/* The number of arguments, with the first one and the NULL. */
static size_t count(va_list *arguments)
{
    size_t n = 2;
    while (va_arg(*arguments, char *))
        n++;
    return n;
}

static void collect(char **argv, const char *first, size_t n, va_list *arguments)
{
    argv[0] = (char *)(uintptr_t)first;
    for (size_t i = 1; i < n; i++)
        argv[i] = va_arg(*arguments, char *);
}

#define WITH_ARGUMENTS(first, call)                                                                \
    do {                                                                                           \
        va_list arguments, again;                                                                  \
        va_start(arguments, first);                                                                \
        va_copy(again, arguments);                                                                 \
        size_t n = count(&again);                                                                  \
        va_end(again);                                                                             \
        char *argv[n];                                                                             \
        collect(argv, first, n, &arguments);                                                       \
        call;                                                                                      \
        va_end(arguments);                                                                         \
    } while (0)

EXPORT int execl(const char *path, const char *first, ...)
{
    int result;
    WITH_ARGUMENTS(first, result = execve(path, argv, environ));
    return result;
}

EXPORT int execlp(const char *file, const char *first, ...)
{
    int result;
    WITH_ARGUMENTS(first, result = execvpe(file, argv, environ));
    return result;
}

EXPORT int execle(const char *path, const char *first, ...)
{
    int result;
    WITH_ARGUMENTS(first, result = execve(path, argv, va_arg(arguments, char *const *)));
    return result;
}
