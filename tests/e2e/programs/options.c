/* One function for each option; the test reads what became of its calls. */
#include <deep_profile.h>

#include <stdlib.h>
#include <unistd.h>

#include "steward.h"

static volatile int sink;
static char *volatile kept;

DEEP_PROFILE(rate=0.5) __attribute__((noinline)) void half(void)
{
    sink++;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void every(void)
{
    sink++;
}

DEEP_PROFILE(rate=0) __attribute__((noinline)) void never(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, env=dev) __attribute__((noinline)) void in_dev(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, env=test|prod) __attribute__((noinline)) void in_test_and_prod(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, enabled=false) __attribute__((noinline)) void disabled(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, enabled=SWITCH) __attribute__((noinline)) void switched(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, metadata=team:db, metadata=tier:gold) __attribute__((noinline)) void labelled(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, emit_metrics=false) __attribute__((noinline)) void quiet(void)
{
    sink++;
}

DEEP_PROFILE(rate=1, threshold=20ms) __attribute__((noinline)) void over_threshold(int ms)
{
    usleep((useconds_t)ms * 1000);
}

DEEP_PROFILE(rate=1, strategy=memory) __attribute__((noinline)) void with_memory(void)
{
    kept = malloc(1000);
    free(malloc(5000));
}

DEEP_PROFILE(rate=1, strategy=memory, duration=50ms) __attribute__((noinline)) void capped(void)
{
    kept = malloc(1000);
    usleep(200000);
    let_steward_look(); /* which ends the count after 50 ms */
    kept = malloc(100000);
}

DEEP_PROFILE_PRODUCTION() __attribute__((noinline)) void in_production(void)
{
    sink++;
}

DEEP_PROFILE_MEMORY(threshold=10KB) __attribute__((noinline)) void allocates(size_t bytes)
{
    kept = malloc(bytes);
    free(kept);
    kept = malloc(bytes);
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) int fibonacci(int n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

DEEP_PROFILE(rate=1) DEEP_PROFILE_CALLS() DEEP_PROFILE_IF_SLOW(20ms, rate=1)
__attribute__((noinline)) void combined(int ms)
{
    usleep((useconds_t)ms * 1000);
}

int main(void)
{
    for (int i = 0; i < 20000; i++)
        half();
    every();
    never();
    in_dev();
    in_test_and_prod();
    disabled();
    switched();
    labelled();
    quiet();
    over_threshold(0);
    over_threshold(40);
    with_memory();
    capped();
    for (int i = 0; i < 1000000; i++)
        in_production();
    allocates(1000);
    allocates(20000);
    fibonacci(20);
    combined(0);
    combined(40);
    return 0;
}
