/* Calls of very different lengths. A line each: how long it took at least and at most, by clocks
 * inside and around it, and when it ended at the latest and at the earliest (monotonic). */
#include <deep_profile.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

#ifdef WATCHED
DEEP_PROFILE_IF_SLOW(100s)
#endif
__attribute__((noinline)) static void work(int i, long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};

    calls[i].first = now_ns();
    if (us > 0)
        nanosleep(&time, NULL);
    calls[i].last = now_ns();
}

static int n = 400, done;
static long each_us = -1;
static uint64_t state = 12345;

static void *some(void *count)
{
    for (int end = done + *(int *)count; done < end && done < n; done++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        long us = 30L << (state >> 33) % 9;
        calls[done].before = now_ns();
        work(done, each_us >= 0 ? each_us : us);
        calls[done].after = now_ns();
    }
    return NULL;
}

/* latency [CALLS [EACH_US [CALLS_OF_A_THREAD PAUSE_MS]]] */
int main(int argc, char **argv)
{
    n = argc > 1 ? atoi(argv[1]) : n;
    n = n < MOST ? n : MOST;
    each_us = argc > 2 ? atol(argv[2]) : each_us;
    int of_a_thread = argc > 4 ? atoi(argv[3]) : n;
    while (done < n) {
        pthread_t thread;
        if (argc <= 4) {
            some(&n);
        } else if (pthread_create(&thread, NULL, some, &of_a_thread) == 0) {
            pthread_join(thread, NULL);
            usleep((unsigned)atoi(argv[4]) * 1000);
        }
    }
    for (int i = 0; i < n; i++)
        printf("%lu %lu %lu %lu\n", (unsigned long)(calls[i].last - calls[i].first),
               (unsigned long)(calls[i].after - calls[i].before), (unsigned long)calls[i].after,
               (unsigned long)calls[i].last);
    return 0;
}
