/*
 * What the programs of jumps.py share. Each leaves recorded calls in one way. It
 * writes down by its own clock how long every call took: from the first to the last
 * statement inside (what is recorded must not be shorter), and around the call (nor
 * longer). finish() prints that, and ends the program: by return from main, or, with
 * the argument "kill", by SIGKILL, to see which calls are listed as open.
 */
#ifndef JUMPS_H
#define JUMPS_H

#include <deep_profile.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HIDDEN __attribute__((no_instrument_function, unused)) static

/* -DWHOLE: the gates of whole-program mode, not those of the attribute. */
#ifdef WHOLE
#define PROFILED __attribute__((noinline))
#else
#define PROFILED DEEP_PROFILE(rate=1) __attribute__((noinline))
#endif

enum { MOST = 200000 };

struct measured {
    const char *function;
    uint64_t inside, around, first;
};

static struct measured measured[MOST];
static int n_measured;

HIDDEN uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

HIDDEN void spin(uint64_t us)
{
    uint64_t end = now_ns() + us * 1000;
    while (now_ns() < end)
        ;
}

/* A call is about to be made; the number identifies it in all that follows. */
HIDDEN int begin(const char *function)
{
    int i = __atomic_fetch_add(&n_measured, 1, __ATOMIC_RELAXED);
    if (i >= MOST)
        abort();
    measured[i].function = function;
    measured[i].around = -now_ns();
    return i;
}

HIDDEN void inside(int i) /* first statement */
{
    measured[i].first = now_ns();
}

HIDDEN void last(int i) /* last statement */
{
    measured[i].inside = now_ns() - measured[i].first;
}

HIDDEN void end(int i)
{
    measured[i].around += now_ns();
}

HIDDEN int finish(int argc, char **argv)
{
    for (int i = 0; i < n_measured; i++)
        printf("%s %llu %llu\n", measured[i].function, (unsigned long long)measured[i].inside,
               (unsigned long long)measured[i].around);
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "kill") == 0)
        raise(SIGKILL);
    return 0;
}

#endif
