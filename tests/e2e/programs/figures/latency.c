/* Calls of very different lengths. A line each: how long it took at least and at most, by clocks
 * inside and around it, and when it ended (monotonic). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 100000 };

static struct {
    uint64_t before, first, last, after;
} calls[MOST];

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) static void work(int i, long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};

    calls[i].first = now_ns();
    if (us > 0)
        nanosleep(&time, NULL);
    calls[i].last = now_ns();
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 400;
    uint64_t state = 12345;

    for (int i = 0; i < n && i < MOST; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        long us = 30L << (state >> 33) % 9;
        calls[i].before = now_ns();
        work(i, argc > 2 ? atol(argv[2]) : us);
        calls[i].after = now_ns();
    }
    for (int i = 0; i < n && i < MOST; i++)
        printf("%lu %lu %lu\n", (unsigned long)(calls[i].last - calls[i].first),
               (unsigned long)(calls[i].after - calls[i].before), (unsigned long)calls[i].after);
    return 0;
}
