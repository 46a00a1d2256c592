/*
 * A program that stays where it is until it is killed, for tests/e2e/stacks.py:
 *
 *     stacks deadlock       two threads wait for each other's mutex
 *     stacks alone          a thread waits for a mutex that it holds itself
 *     stacks many N         N threads wait on one condition
 *     stacks spin           a thread computes
 *     stacks mask           every thread blocks every signal; one waits to read from a pipe
 *     stacks action         the program handles SIGUSR2 itself, and polls
 *     stacks poll           it polls; any EINTR ends it
 *     stacks forked         a child that calls nothing of ours prints its number, too
 *     stacks hidden         PR_SET_DUMPABLE is 0
 *
 * Prints "ready" when all threads are there.
 */
#define _GNU_SOURCE
#include <deep_profile.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static pthread_mutex_t here = PTHREAD_MUTEX_INITIALIZER, there = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t both;
static volatile unsigned long sum;
static volatile sig_atomic_t signals;

static void ready(void)
{
    puts("ready");
    fflush(stdout);
}

DEEP_PROFILE_IF_SLOW(1min)
__attribute__((noinline)) static int transfer(pthread_mutex_t *from, pthread_mutex_t *to)
{
    pthread_mutex_lock(from);
    pthread_barrier_wait(&both);
    pthread_mutex_lock(to);
    return 1;
}

DEEP_PROFILE(rate=1)
__attribute__((noinline)) static int serve(void *there_first)
{
    return there_first ? transfer(&there, &here) : transfer(&here, &there);
}

static void *teller(void *there_first)
{
    pthread_setname_np(pthread_self(), there_first ? "back" : "forth");
    serve(there_first);
    return NULL;
}

static void *waiter(void *unused)
{
    pthread_barrier_wait(&both);
    pthread_mutex_lock(&here);
    for (;;)
        pthread_cond_wait(&never, &here);
    return unused;
}

DEEP_PROFILE_IF_SLOW(1min)
__attribute__((noinline)) static int spin(void)
{
    for (;;)
        sum++;
    return 0;
}

DEEP_PROFILE_IF_SLOW(1min)
__attribute__((noinline)) static int wait_for_good(void)
{
    struct pollfd nothing = {.fd = -1};
    for (;;)
        if (poll(&nothing, 1, -1) < 0 && errno == EINTR)
            if (!signals)
                abort();
    return 0;
}

DEEP_PROFILE_IF_SLOW(1min)
__attribute__((noinline)) static int read_for_good(int fd)
{
    char byte;
    return (int)read(fd, &byte, 1);
}

static void count(int signal)
{
    (void)signal;
    signals++;
    if (write(STDOUT_FILENO, "signal\n", 7) < 0)
        abort();
}

static void start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 << 10);
    if (pthread_create(&thread, &small, run, argument) != 0)
        abort();
}

static void deadlock(void)
{
    pthread_barrier_init(&both, NULL, 3);
    start(teller, NULL);
    start(teller, &both);
    pthread_barrier_wait(&both);
}

static void many(int n)
{
    pthread_barrier_init(&both, NULL, (unsigned)n + 1);
    for (int i = 0; i < n; i++)
        start(waiter, NULL);
    pthread_barrier_wait(&both);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int ends[2];
    if (strcmp(what, "deadlock") == 0) {
        deadlock();
    } else if (strcmp(what, "alone") == 0) {
        pthread_barrier_init(&both, NULL, 1);
        ready();
        transfer(&here, &here);
    } else if (strcmp(what, "many") == 0 && argc > 2) {
        many(atoi(argv[2]));
    } else if (strcmp(what, "spin") == 0) {
        ready();
        spin();
    } else if (strcmp(what, "mask") == 0 && pipe(ends) == 0) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        ready();
        read_for_good(ends[0]);
    } else if (strcmp(what, "action") == 0) {
        struct sigaction action = {.sa_handler = count}, old;
        if (sigaction(SIGUSR2, &action, &old) != 0 || old.sa_handler != SIG_DFL)
            abort();
    } else if (strcmp(what, "forked") == 0) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                pause();
        printf("%d\n", (int)child);
    } else if (strcmp(what, "hidden") == 0) {
        prctl(PR_SET_DUMPABLE, 0);
    }
    ready();
    return wait_for_good();
}
