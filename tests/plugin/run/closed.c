/* A closed gate costs the budget its weight and nothing else, a weight that
 * changes is seen at the next call, in an inlined copy, too, and DP_ASK_ALL opens it.
 * options: -pthread */
#include <deep_profile.h>
#include <pthread.h>
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
    for (int i = 0; i < n; i++)
        sum += small(i);
    return sum;
}

static void *switch_on(void *site)
{
    fake_switch_on(site, 10);
    return NULL;
}

DEEP_PROFILE() __attribute__((noinline)) void slow(uint64_t passes)
{
    deep_profile_tick += passes;
    deep_profile_entry_tick += passes;
}

/* A weight that changes is seen in a loop that calls nothing. */
static void live_control(struct fake_site *site)
{
    pthread_t thread;
    int n = 0;
    deep_profile_budget = 0;
    EXPECT(pthread_create(&thread, NULL, switch_on, site) == 0);
    while (!fake_stop)
        n = small(n);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(site->enters > 0);
}

/* The next gate sees the budget that the slow path has set, also when both gates are
 * inlined into the same loop. */
static void refill(struct fake_site *site)
{
    uint64_t before = site->enters;
    fake_refill = 95;
    deep_profile_budget = 1000;
    *weight = 0;
    loop(500);
    EXPECT(deep_profile_budget == 1000 && site->enters == before);
    *weight = 10;
    loop(499);
    /* Open: the call after 100, then one in ten. */
    EXPECT(site->enters - before == 1 + 398 / 10);
    EXPECT(deep_profile_budget == 95 - 398 % 10 * 10);
}

static void exit_check(struct fake_site *site)
{
    site->site->weight = 0;
    deep_profile_budget = 0;
    slow(99);
    EXPECT(deep_profile_budget == 0 && site->slow_exits == 0);
    site->site->slow_after = 100;
    slow(99);
    EXPECT(site->slow_exits == 0);
    slow(100);
    EXPECT(site->enters == 0 && site->exits == 0 && site->slow_exits == 1);
}

/* DP_ASK_ALL: every call asks, whatever its weight is and its budget. */
static void ask_all(struct fake_site *site)
{
    uint64_t before = site->enters;
    deep_profile_budget = 1000;
    fake_refill = 1000;
    site->site->weight = 0;
    deep_profile_entry_tick += DP_ASK_ALL;
    slow(0);
    EXPECT(site->enters == before + 1);
    site->site->slow_after = DP_SLOW_NEVER;
    slow(0);
    EXPECT(site->enters == before + 2 && site->exits == site->enters);
    deep_profile_entry_tick -= DP_ASK_ALL;
    slow(0);
    EXPECT(site->enters == before + 2 && deep_profile_budget == 1000);
}

int main(void)
{
    struct fake_site *site = fake_find("small");
    weight = &site->site->weight;
    *weight = 0;
    live_control(site);
    refill(site);
    exit_check(fake_find("slow"));
    ask_all(fake_find("slow"));
    return fake_finish();
}
