/* Calls around a threshold, judged by the coarse clock and by the exact one,
 * and one that is still running when it is reported, or many of them. By its own clock:
 *
 *     NAME NANOSECONDS    of each call of coarse() and exact(), measured around it
 *     deepest NANOSECONDS     of all its calls together
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "steward.h"

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

DEEP_PROFILE_IF_SLOW(64ms, rate=1, metadata=judged:coarsely) __attribute__((noinline)) void coarse(int ms)
{
    usleep((useconds_t)ms * 1000);
}

DEEP_PROFILE_IF_SLOW(900us, rate=1) __attribute__((noinline)) void exact(int ms)
{
    usleep((useconds_t)ms * 1000);
}

/* Below 1 ms, so that the exact clock judges it: by the tick some may only have been slow. */
DEEP_PROFILE_IF_SLOW(900us, rate=0.5, env=test) __attribute__((noinline)) void sometimes(int ms)
{
    usleep((useconds_t)ms * 1000);
}

DEEP_PROFILE_IF_SLOW(64ms, rate=1) __attribute__((noinline)) void stuck(void)
{
    let_steward_look(); /* so that it knows when this began */
    usleep(400000);
    let_steward_look();
}

DEEP_PROFILE_IF_SLOW(400ms, rate=1) __attribute__((noinline)) void deepest(int depth)
{
    if (depth < 100)
        deepest(depth + 1);
    __asm__ volatile("");
}

/* 50 calls that take long; 50 more below them are soon over, but began in another tick. */
DEEP_PROFILE_IF_SLOW(400ms, rate=1) __attribute__((noinline)) void nested(int depth, bool aborts)
{
    if (depth < 50) {
        nested(depth + 1, aborts);
    } else {
        usleep(30000);
        let_steward_look();
        long long start = now();
        deepest(51);
        printf("deepest %lld\n", now() - start);
        usleep(aborts ? 30000 : 700000);
        let_steward_look();
        if (aborts)
            abort();
    }
    __asm__ volatile("");
}

/* Slow in a thread whose state was cut off its file. */
static void *after_cut(void *state)
{
    coarse(0);
    if (truncate(state, 0) == 0)
        stuck();
    printf("%ld\n", syscall(SYS_gettid));
    return NULL;
}

static void timed(const char *name, void (*function)(int), int ms)
{
    long long start = now();
    function(ms);
    printf("%s %lld\n", name, now() - start);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "cut") == 0) {
        pthread_t thread;
        coarse(0);
        return pthread_create(&thread, NULL, after_cut, argv[2]) || pthread_join(thread, NULL);
    }
    if (argc > 1 && strcmp(argv[1], "nested") == 0) {
        nested(1, argc > 2);
        return 0;
    }
    for (int i = 0; i < 100; i++)
        timed("coarse", coarse, 0);
    timed("coarse", coarse, 20);
    timed("coarse", coarse, 120);
    timed("coarse", coarse, 200);
    for (int i = 0; i < 20; i++)
        timed("exact", exact, 0);
    timed("exact", exact, 20);
    for (int i = 0; i < 40; i++)
        sometimes(5);
    stuck();
    if (argc > 1 && strcmp(argv[1], "kill") == 0) {
        usleep(100000);
        abort();
    }
    return 0;
}
