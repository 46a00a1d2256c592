/*
 * The functions that create a thread, in front of libc's, of programs with the shared library:
 * counts the threads that the process has created, which the kernel does not say. A thread made
 * by clone() itself is not counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <threads.h>

#include "base/compiler.h"
#include "base/threads_created.h"

#define EXPORT __attribute__((visibility("default")))

typedef void *thread_function(void *);
typedef int create_function(pthread_t *, const pthread_attr_t *, thread_function *, void *);

static create_function *next_create;
static int (*next_thrd_create)(thrd_t *, thrd_start_t, void *);

static void find_next(void)
{
    *(void **)&next_create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&next_thrd_create = dlsym(RTLD_NEXT, "thrd_create");
}

/* When only a library of the program is instrumented, the program finds libc's functions before
 * ours: then nobody counts. */
__attribute__((constructor)) static void look_who_is_in_front(void)
{
    Dl_info in_front, ours;
    void *first = dlsym(RTLD_DEFAULT, "pthread_create");
    find_next();
    if (first && dladdr(first, &in_front) && dladdr((void *)(uintptr_t)find_next, &ours) &&
        in_front.dli_fbase == ours.dli_fbase)
        atomic_fetch_add_explicit(&dp_threads_created, 1, memory_order_relaxed);
}

static void count(int failed)
{
    if (!failed && atomic_load_explicit(&dp_threads_created, memory_order_relaxed) > 0)
        atomic_fetch_add_explicit(&dp_threads_created, 1, memory_order_relaxed);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_function *run,
                          void *argument)
{
    if (!next_create)
        find_next();
    int error = next_create ? next_create(thread, attributes, run, argument) : EAGAIN;
    count(error);
    return error;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t run, void *argument)
{
    if (!next_thrd_create)
        find_next();
    int error = next_thrd_create ? next_thrd_create(thread, run, argument) : thrd_error;
    count(error != thrd_success);
    return error;
}
