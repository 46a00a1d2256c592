/* A closed gate costs the budget its weight and nothing else, and a weight that
 * changes is seen at the next call, in an inlined copy, too. */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE() static inline __attribute__((always_inline)) int small(int n)
{
    return n + 1;
}

static int64_t *weight;

__attribute__((noinline)) static int loop(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        sum += small(i);
        if (i == 500)
            __atomic_store_n(weight, 10, __ATOMIC_RELAXED);
    }
    return sum;
}

DEEP_PROFILE() __attribute__((noinline)) void slow(uint64_t passes)
{
    deep_profile_tick += passes;
}

int main(void)
{
    fake_all = false;
    deep_profile_budget = 1000;
    struct fake_site *site = fake_find("small");
    weight = &site->site->weight;
    *weight = 0;
    loop(1000);
    /* 499 calls of weight 10: the budget lasts for 100, then each one opens,
     * because the fake runtime fills up to 0. */
    EXPECT(site->enters == 399 && site->exits == 399);

    /* The exit check alone. */
    site = fake_find("slow");
    site->site->weight = 0;
    deep_profile_budget = 0;
    slow(99);
    EXPECT(deep_profile_budget == 0 && site->slow_exits == 0);
    site->site->slow_after = 100;
    slow(99);
    EXPECT(site->slow_exits == 0);
    slow(100);
    EXPECT(site->enters == 0 && site->exits == 0 && site->slow_exits == 1);
    return fake_finish();
}
