/* The first recorded call of a thread, and one that needs a new packet, on the smallest
 * stack that a thread may have, filled but for a little; and in a handler on the
 * smallest alternate stack, likewise. */
#include "jumps.h"

#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef LEFT
#define LEFT 1024
#endif

PROFILED void work(void)
{
    __asm__ volatile(""); /* every call is made */
}

/* Leaves `left` bytes of the stack that begins at `low`. */
HIDDEN __attribute__((noinline)) void filled(char *low, size_t left, int times)
{
    char here;
    size_t used = (size_t)(&here - low) - left;
    volatile char *room = __builtin_alloca(used);
    room[0] = 1;
    for (int i = 0; i < times; i++)
        work();
}

static char *low;

HIDDEN void *run(void *unused)
{
    filled(low, LEFT, 3000);
    return unused;
}

HIDDEN void handler(int signal_number)
{
    (void)signal_number;
    for (int i = 0; i < 3000; i++)
        work();
}

HIDDEN char *map(size_t bytes) /* with nothing below */
{
    char *all = mmap(NULL, bytes + 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(all + 65536, bytes, PROT_READ | PROT_WRITE);
    return all + 65536;
}

HIDDEN void *run_handler(void *unused)
{
    /* What the kernel needs for the least of handlers, and a little. */
    size_t bytes = (size_t)sysconf(_SC_MINSIGSTKSZ) + LEFT, page = 4096;
    size_t mapped = (bytes + page - 1) / page * page;
    char *memory = map(mapped); /* the frame is at its end */
    stack_t stack = {.ss_sp = memory, .ss_size = bytes};
    if (sigaltstack(&stack, NULL) != 0)
        return NULL;
    raise(SIGUSR1);
    return unused;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *done;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    low = map(PTHREAD_STACK_MIN);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, low, PTHREAD_STACK_MIN);
    if (pthread_create(&thread, &attributes, run, &thread) != 0 ||
        pthread_join(thread, &done) != 0 || !done)
        return 1;
    sigaction(SIGUSR1, &action, NULL);
    if (pthread_create(&thread, NULL, run_handler, &thread) != 0 ||
        pthread_join(thread, &done) != 0 || !done)
        return 1;
    work();
    return 0;
}
