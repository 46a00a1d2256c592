/*
 * The workload of the call benchmarks with landing pads: a C++ function of ordinary shape
 * that has something to destroy. Prints nanoseconds a call of the whole loop.
 *
 *     pads pads CALLS
 */
#ifdef BENCH_ATTRIBUTE
#include <deep_profile.h>
#else
#define BENCH_ATTRIBUTE
#endif

#include <cstdio>
#include <cstdlib>
#include <ctime>

#define NO_INSTRUMENT __attribute__((no_instrument_function))

static volatile long destroyed;

struct guarded {
    int value;
    NO_INSTRUMENT ~guarded()
    {
        destroyed = destroyed + value;
    }
};

/* May throw, for all that its caller knows. */
__attribute__((noinline, noipa)) NO_INSTRUMENT static int out(int n)
{
    __asm__ volatile("" ::: "memory");
    return n;
}

/* One call in 16 has a landing pad over what it calls; p, n and sum are kept over that. */
BENCH_ATTRIBUTE __attribute__((noinline)) int pads(const int *p, int n)
{
    int sum = n * 3;
    if ((n & 15) == 0) {
        guarded object{n & 1};
        sum += out(n);
    }
    if (sum & 1)
        sum ^= p[1];
    return sum + n;
}

NO_INSTRUMENT static double now_ns()
{
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

NO_INSTRUMENT int main(int argc, char **argv)
{
    static const int data[2] = {3, 5};
    const long calls = argc > 2 ? atol(argv[2]) : 10000000;
    int sum = 0;
    const double start = now_ns();
    for (long i = 0; i < calls; i++)
        sum += pads(data, (int)i);
    *(volatile int *)&sum = sum;
    printf("%.4f\n", (now_ns() - start) / (double)calls);
    return 0;
}
