/* profile_calls counts every call exactly, in recursion, in threads, inlined;
 * and not at all where the thread has no counters yet.
 * options: -pthread */
#include <deep_profile.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE_CALLS() int fibonacci(int n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

DEEP_PROFILE_CALLS() static inline __attribute__((always_inline)) unsigned small(unsigned n)
{
    return n * 2654435761u;
}

/* By strategy; the attribute is another. */
DEEP_PROFILE(strategy=cprof) __attribute__((noinline)) unsigned loop(unsigned n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += small(i);
    return sum;
}

static void *thread(void *n)
{
    EXPECT(fibonacci(*(int *)n) > 0);
    EXPECT(fake_counted("fibonacci") == 21891);
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    int n = 20;
    for (int i = 0; i < 2; i++)
        EXPECT(pthread_create(&threads[i], NULL, thread, &n) == 0);
    for (int i = 0; i < 2; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    /* fake_finish counts for one thread only. */
    fake_find("fibonacci")->never_left = true;
    EXPECT(fibonacci(10) == 55 && fake_counted("fibonacci") == 177);
    loop(1000);
    EXPECT(fake_counted("small") == 1000 && fake_counted("loop") == 1);
    deep_profile_counts = NULL;
    deep_profile_budget = INT64_MAX;
    fake_find("fibonacci")->site->weight = 0;
    EXPECT(fibonacci(5) == 5);
    fake_forget_depth(0);
    return fake_finish();
}
