/*
 * The workloads of the call benchmarks: a tight loop over one small function, a
 * recursion, and functions of ordinary shape, which keep values in registers over a call
 * that they make now and then. Prints nanoseconds a call of the whole loop.
 *
 *     calls loop|recursion|threads|ordinary|ways_out CALLS
 *
 * BENCH_ATTRIBUTE is what stands before the function (nothing for peers).
 */
#ifdef BENCH_ATTRIBUTE
#include <deep_profile.h>
#else
#define BENCH_ATTRIBUTE
#endif

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __clang__
#define NO_INSTRUMENT __attribute__((xray_never_instrument, no_instrument_function))
#else
#define NO_INSTRUMENT __attribute__((no_instrument_function))
#endif

static long calls;

BENCH_ATTRIBUTE __attribute__((noinline)) int small(int x)
{
    __asm__ volatile("");
    return x * 3 + 1;
}

BENCH_ATTRIBUTE __attribute__((noinline)) long recursive(long n)
{
    __asm__ volatile("");
    return n < 2 ? n : recursive(n - 1) + recursive(n - 2);
}

__attribute__((noinline)) NO_INSTRUMENT static int out(const int *p)
{
    __asm__ volatile("" ::: "memory");
    return p[0];
}

/* Two branches; one in 16 calls calls out, and p, n and sum are kept over that call. */
BENCH_ATTRIBUTE __attribute__((noinline)) int ordinary(const int *p, int n)
{
    int sum = n * 3;
    if ((n & 15) == 0)
        sum += out(p);
    if (sum & 1)
        sum ^= p[1];
    return sum + n;
}

/* Three returns, one of them behind a call. */
BENCH_ATTRIBUTE __attribute__((noinline)) int ways_out(const int *p, int n)
{
    if (n & 1)
        return p[1];
    if ((n & 15) == 0)
        return out(p) + p[n & 1] + n;
    return n ^ p[0];
}

NO_INSTRUMENT static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

NO_INSTRUMENT static void *loop(void *unused)
{
    int sum = 0;
    for (long i = 0; i < calls; i++)
        sum += small((int)i);
    *(volatile int *)&sum = sum;
    return unused;
}

NO_INSTRUMENT static void loop_over(int (*function)(const int *, int))
{
    static const int data[2] = {3, 5};
    int sum = 0;
    for (long i = 0; i < calls; i++)
        sum += function(data, (int)i);
    *(volatile int *)&sum = sum;
}

/* Calls that recursive(n) makes. */
NO_INSTRUMENT static long recursions(int n)
{
    long before = 1, now = 1;
    for (int i = 2; i <= n; i++) {
        long next = now + before + 1;
        before = now;
        now = next;
    }
    return now;
}

NO_INSTRUMENT int main(int argc, char **argv)
{
    const char *workload = argc > 1 ? argv[1] : "loop";
    calls = argc > 2 ? atol(argv[2]) : 10000000;
    double made = (double)calls, start = now_ns();
    if (strcmp(workload, "recursion") == 0) {
        int n = 1;
        while (recursions(n + 1) <= calls)
            n++;
        made = (double)recursions(n);
        start = now_ns();
        volatile long result = recursive(n);
        (void)result;
    } else if (strcmp(workload, "ordinary") == 0) {
        loop_over(ordinary);
    } else if (strcmp(workload, "ways_out") == 0) {
        loop_over(ways_out);
    } else if (strcmp(workload, "threads") == 0) {
        pthread_t other;
        pthread_create(&other, NULL, loop, NULL);
        loop(NULL);
        pthread_join(other, NULL);
    } else {
        loop(NULL);
    }
    printf("%.4f\n", (now_ns() - start) / made);
    return 0;
}
