/* Every kind of instrumented function, for floating.c. */
#include <deep_profile.h>
#include <stdlib.h>

DEEP_PROFILE(rate=0.3) static __attribute__((noinline)) int sampled(int n)
{
    return n + 1;
}

DEEP_PROFILE_IF_SLOW(1.5ms, rate=0.7) static __attribute__((noinline)) int slow(int n)
{
    return n + 2;
}

DEEP_PROFILE_PRODUCTION(rate=0.1) DEEP_PROFILE_CALLS()
static __attribute__((noinline)) int counted(int n)
{
    return n + 3;
}

DEEP_PROFILE_MEMORY(threshold=1.5KB) static __attribute__((noinline)) void *allocates(int n)
{
    return malloc((size_t)n);
}

int floating_work(int rounds);
int floating_work(int rounds)
{
    int sum = 0;
    for (int i = 0; i < rounds; i++) {
        sum += sampled(i) ^ slow(i) ^ counted(i);
        free(allocates(i % 3000));
    }
    return sum;
}
