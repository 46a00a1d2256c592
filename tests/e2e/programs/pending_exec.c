/*
 * Executes itself while the signal that asks threads for their stacks is pending for it.
 *
 *     pending_exec stay    prints the number of that signal
 *     pending_exec exec    the same, then executes itself with the signal pending and blocked,
 *                          lets it through there, and prints "alive"
 *
 * As one program, or with PART a library and the program that calls it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY 1
#define PROGRAM 2
#ifndef PART
#define PART (LIBRARY | PROGRAM)
#endif

void compute(unsigned long rounds);

#if PART & LIBRARY
#include <deep_profile.h>

DEEP_PROFILE_IF_SLOW(10s) __attribute__((noinline)) void compute(unsigned long rounds)
{
    for (volatile unsigned long i = 0; i < rounds; i++)
        ;
}
#endif

#if PART & PROGRAM
/* As the kernel has it: libc's sigaction() may hide the runtime's. 0: none. */
static int caught_signal(void)
{
    struct {
        uintptr_t handler;
        unsigned long flags, restorer, mask;
    } action;
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if (signal != SIGBUS && (signal < 32 || signal >= SIGRTMIN) /* those of libc */ &&
            syscall(SYS_rt_sigaction, signal, NULL, &action, 8) == 0 && action.handler > 1)
            return signal;
    return 0;
}

static void let_all_through(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(int argc, char **argv)
{
    enum { MOST_S = 60 };
    int signal = 0;
    time_t start = time(NULL);
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        let_all_through();
        puts("alive");
        return 0;
    }
    while (!(signal = caught_signal()) && time(NULL) - start < MOST_S)
        compute(100000);
    printf("%d\n", signal);
    fflush(stdout);
    if (argc < 2 || strcmp(argv[1], "exec") != 0)
        return 0;
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, signal);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    pthread_kill(pthread_self(), signal);
    setenv("DEEP_PROFILE", "0", 1);
    execl("/proc/self/exe", argv[0], "again", (char *)NULL);
    return 3;
}
#endif
