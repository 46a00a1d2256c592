/*
 * Functions whose time the program measures itself: total MODE. It prints "NAME NS" for the
 * calls of each kind, and "NAME_ROOT NS": the root of the sum of their squares.
 */
#include <deep_profile.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void work(uint64_t ns)
{
    uint64_t start = now();

    while (now() < start + ns)
        ;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void steady(uint64_t ns)
{
    work(ns);
}

DEEP_PROFILE(rate=0.05) __attribute__((noinline)) void rarely(uint64_t ns)
{
    work(ns);
}

DEEP_PROFILE(rate=0.5) DEEP_PROFILE_IF_SLOW(10ms, rate=1)
__attribute__((noinline)) void mixed(uint64_t ns)
{
    work(ns);
}

DEEP_PROFILE(rate=1, check_load=true) __attribute__((noinline)) void refused(uint64_t ns)
{
    work(ns);
}

/* Calls a function `calls` times. */
static void call(const char *name, void (*function)(uint64_t), int calls, uint64_t ns)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < calls; i++) {
        uint64_t start = now();
        function(ns);
        double took = (double)(now() - start);
        sum += took;
        squares += took * took;
    }
    printf("%s %.0f\n%s_ROOT %.0f\n", name, sum, name, sqrt(squares));
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    const struct timespec pause = {0, 500000000};

    if (strcmp(mode, "outlier") == 0) {
        call("rarely", rarely, 1, 30000000);
        call("steady", steady, 20000, 5000);
    } else if (strcmp(mode, "slow") == 0) {
        call("mixed", mixed, 5000, 10000);
        call("slow", mixed, 10, 30000000);
    } else if (strcmp(mode, "late") == 0) {
        nanosleep(&pause, NULL); /* until the load gate has closed */
        call("refused", refused, 20, 10000);
    }
    return 0;
}
