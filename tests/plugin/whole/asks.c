/* Which entries ask, and for what: a site with DP_ASK checks its budget and counts; with
 * DP_ASK_ALL in the entry tick every call enters. In both cases `due` is the same as
 * without the bits. */
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

static struct fake_site *site;

__attribute__((noipa)) void waits(uint64_t ns)
{
    deep_profile_tick += ns;
    __asm__ volatile("");
}

/* One call of `waits`. If the call does not enter, it lasts for its threshold. */
static __attribute__((no_instrument_function)) void call(uint64_t site_asks, uint64_t tick_asks)
{
    const uint64_t threshold = 100;
    site->site->slow_after = threshold + site_asks;
    deep_profile_entry_tick = deep_profile_tick + tick_asks;
    waits(tick_asks ? 0 : threshold); /* the fake runtime expects the entry's tick */
    deep_profile_entry_tick = deep_profile_tick;
}

static void expect(uint64_t entered, uint64_t counted, uint64_t slow)
{
    EXPECT(site->enters == entered && site->exits == entered);
    EXPECT(fake_counted("waits") == counted);
    EXPECT(site->slow_exits == slow);
}

static __attribute__((no_instrument_function)) void each_way(void)
{
    call(0, 0);
    expect(0, 0, 1);
    call(DP_ASK, 0);
    expect(0, 1, 2);
    call(0, DP_ASK_ALL);
    expect(1, 2, 2);
    call(DP_ASK, DP_ASK_ALL);
    expect(2, 3, 2);
}

/* A site without a threshold. */
static void never_slow(void)
{
    deep_profile_entry_tick = deep_profile_tick + DP_ASK_ALL;
    site->site->slow_after = DP_SLOW_NEVER + DP_ASK;
    waits(0);
    site->site->slow_after = DP_SLOW_NEVER;
    waits(0);
    deep_profile_entry_tick = deep_profile_tick;
    waits(0);
    expect(2, 2, 0);
}

static void begin(void)
{
    site->enters = site->exits = 0;
    deep_profile_counts[site->site->count_slot] = 0;
    deep_profile_budget = fake_refill = 1000;
    site->site->weight = 0;
}

/* Has no gate of its own, like `call`: ticks pass while it runs. */
__attribute__((no_instrument_function)) int main(void)
{
    site = fake_find("waits");
    waits(0); /* opens the gate */
    begin();
    never_slow();
    begin();
    each_way();
    site->enters = site->exits = fake_counted("waits"); /* for fake_finish */
    return fake_finish();
}
