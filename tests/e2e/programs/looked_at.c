/*
 * Hosts that a look must not disturb, and that make it hard.
 *
 *     looked_at blocks       the slow call computes with every signal blocked
 *     looked_at takes        during the call, it installs a handler for the last signal
 *     looked_at unreadable   it gives up its privileges: /proc/self cannot be read any more
 *     looked_at ends         its thread ends by the system call, in the slow call
 *
 * Status 0: as it is without a profiler.
 */
#define _GNU_SOURCE
#include <deep_profile.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "steward.h"

static volatile sig_atomic_t handled;
static const char *what;

static void on_signal(int signal)
{
    handled += signal == SIGRTMAX ? 1 : 1000;
}

static void spin(long ms)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < ms);
}

/* Spins for `ms`, and then until the runtime's thread has looked at this one. */
static void spin_and_be_seen(long ms)
{
    spin(ms);
    let_steward_sleep(20, spin, 5);
}

DEEP_PROFILE_IF_SLOW(40ms, rate=1)
__attribute__((noinline)) int slow_call(void)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    sigset_t all, pending;
    if (strcmp(what, "blocks") == 0) {
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        spin_and_be_seen(300);
        sigpending(&pending);
        for (int signal = 1; signal <= SIGRTMAX; signal++)
            if (sigismember(&pending, signal) == 1)
                return 3;
        return 0;
    }
    if (strcmp(what, "takes") == 0) {
        spin_and_be_seen(200);
        if (sigaction(SIGRTMAX, NULL, &before) != 0 || before.sa_handler != SIG_DFL)
            return 4;
        if (sigaction(SIGRTMAX, &action, &before) != 0 || before.sa_handler != SIG_DFL)
            return 5;
        spin(200);
        if (handled != 0)
            return 6;
        raise(SIGRTMAX);
        return handled == 1 ? 0 : 7;
    }
    if (strcmp(what, "unreadable") == 0) {
        if (setresgid(65534, 65534, 65534) != 0 ||
            setresuid(65534, 65534, 65534) != 0)
            return 77;
        prctl(PR_SET_DUMPABLE, 0);
        usleep(300000);
        let_steward_look();
        return 0;
    }
    spin(100);
    syscall(SYS_exit, 0);
    return 8;
}

static void *run(void *status)
{
    *(int *)status = slow_call();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int status = 0;
    if (argc != 2)
        return 2;
    what = argv[1];
    if (strcmp(what, "ends") != 0)
        return slow_call();
    pthread_create(&thread, NULL, run, &status);
    usleep(400000); /* nobody can join it */
    return status;
}
