/*
 * The versions of a site's configuration: a call ends under the one that it began under,
 * whichever way it ends, and whatever was published meanwhile.
 */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/peek.h"
#include "check.h"
#include "hand_gate.h"
#include "base/clock.h"
#include "base/facts.h"
#include "base/tick.h"
#include "common/threshold.h"
#include "hot/aggregate.h"
#include "sites/sites.h"
#include "thread/lane.h"
#include "thread/stats.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)
#define UNIT ((uint64_t)DP_WEIGHT_UNIT)

HAND_SITE(quick, DP_ATTRIBUTE_IF_SLOW, "999us, rate=1", 0);  /* opened: judged by the clock */
HAND_SITE(watched, DP_ATTRIBUTE_IF_SLOW, "50ms, rate=1", 0); /* judged by the tick */
HAND_SITE(recorded, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(moved, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(crowded, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(forked, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(lowered, DP_ATTRIBUTE_IF_SLOW, "100ms, rate=1", 0);
HAND_SITE(unclear, DP_ATTRIBUTE_IF_SLOW, "100ms, rate=1", 0);

static const struct dp_site_attribute two_attributes[] = {
    {"rate=0.3, check_load=false", DP_ATTRIBUTE_PROFILE, 0},
    {"rate=0.2, check_load=false", DP_ATTRIBUTE_PRODUCTION, 0}};
static const struct dp_site_desc two_desc = {"two", __FILE__, __LINE__, 0, 2, DP_ABI_VERSION, two_attributes};
static struct dp_site two_site __attribute__((section(DP_SITE_SECTION), used, aligned(32))) = {
    0, DP_SLOW_NEVER, 0, 0, &two_desc};

/* As live control would do it: publish a configuration, then store the words of the code. */
static const struct dp_site_config *publish(struct dp_site *site,
                                            const struct dp_site_config *decided)
{
    const struct dp_site_config *config = dp_site_config_publish(site->index, decided);
    CHECK(config);
    dp_poke(&site->slow_after, config->slow_after);
    dp_poke(&site->weight, (uint64_t)config->weight);
    return config;
}

static const struct dp_site_config *set_threshold(struct dp_site *site, uint64_t threshold_ns)
{
    struct dp_site_config changed = *dp_site_config(site->index);
    changed.slow_threshold_ns = changed.probes[DP_ATTRIBUTE_IF_SLOW].threshold = threshold_ns;
    if (changed.slow_by_tick)
        changed.slow_after = dp_slow_after(threshold_ns);
    return publish(site, &changed);
}

static const struct dp_site_config *set_population(struct dp_site *site, uint64_t stands_for)
{
    struct dp_site_config changed = *dp_site_config(site->index);
    changed.population = (struct dp_population){stands_for * UNIT, stands_for * 3 * UNIT, 0, 1};
    return publish(site, &changed);
}

static struct dp_site_stats *stats_of(const struct dp_site *site)
{
    struct dp_site_stats *stats = dp_stats_of(dp_self, site->index);
    CHECK(stats);
    return stats;
}

static void sleep_ms(uint64_t ms)
{
    uint64_t until = dp_now_ns() + ms * MS;
    while (dp_now_ns() < until)
        usleep(500);
}

/*
 * Sleeps in a watched call for `ms` of which the tick is certain, however busy the machine is:
 * first until the tick at the entry has been replaced, at last until the tick shows the exit
 * that the call is past its `due`.
 */
static void sleep_through_ticks(uint64_t due, uint64_t ms)
{
    const uint64_t tick = dp_tick_last(), never = UINT64_MAX;
    while (dp_tick_latest_start(NULL, tick, never) == never)
        usleep(500);
    sleep_ms(ms);
    while ((int64_t)deep_profile_tick < (int64_t)due)
        usleep(500);
}

/* The record that was written last: a slow operation. */
static struct dp_event_slow_operation last_slow(void)
{
    const struct dp_stream *stream = &dp_self->stream;
    struct dp_event_slow_operation event;
    memcpy(&event, (char *)stream->packet + stream->position - sizeof event, sizeof event);
    return event;
}

/* Sites are configured once; configuring again with the same result publishes nothing. */
static void versions(void)
{
    const struct dp_site_config *first = dp_site_config(quick_site.index);
    struct dp_site_config copy = *first;
    CHECK(first->version == 1 && !first->older && first->from_ns <= dp_now_ns());
    CHECK(dp_site_config_publish(quick_site.index, &copy) == first);
    copy.slow_threshold_ns++;
    const struct dp_site_config *second = dp_site_config_publish(quick_site.index, &copy);
    CHECK(second->version == 2 && second->older == first && second != first);
    CHECK(second->from_ns >= first->from_ns && dp_site_config(quick_site.index) == second);
    CHECK(first->slow_threshold_ns == 999000 && second->slow_threshold_ns == 999001);
    CHECK(dp_site_config_at(quick_site.index, second->from_ns) == second);
    CHECK(dp_site_config_at(quick_site.index, second->from_ns - 1) == first);
    CHECK(!dp_site_config_at(quick_site.index, first->from_ns - 1));
}

/* The general way to end a call, and the short one. */
static void totals_are_of_the_configuration_at_entry(struct dp_site *site)
{
    set_population(site, 2);
    const struct dp_site_stats *stats = stats_of(site);
    struct dp_site_stats before = *stats;
    uint64_t due = hand_enter(site);
    CHECK(due & DP_DUE_OPENED);
    set_population(site, 5);
    hand_exit(site, due);
    CHECK(stats->sampled == before.sampled + 1 && stats->calls == before.calls + 1);
    CHECK(stats->estimated == before.estimated + 2 * UNIT);
    CHECK(stats->variance == before.variance + 6 * UNIT);
    hand_exit(site, hand_enter(site));
    CHECK(stats->estimated == before.estimated + 7 * UNIT);
    CHECK(stats->variance == before.variance + 21 * UNIT);
}

/* Whether every call is counted, too, and whether it is recorded in short. */
static void the_way_out_is_of_the_configuration_at_entry(void)
{
    const struct dp_site_stats *stats = stats_of(&recorded_site);
    struct dp_site_config every = *dp_site_config(recorded_site.index), never = every;
    CHECK(every.path == DP_PATH_RECORD_EVERY);
    never.path = DP_PATH_GENERAL;
    never.always = never.always_open = 0;
    never.weight = 0;
    never.short_below_ns = 0;
    memset(never.probes, 0, sizeof never.probes);
    uint64_t calls = stats->calls, records = dp_self->stream.records;
    uint64_t due = hand_enter(&recorded_site);
    publish(&recorded_site, &never);
    hand_exit(&recorded_site, due);
    CHECK(stats->calls == calls + 1 && dp_self->stream.records == records + 1);
    CHECK(!(hand_enter(&recorded_site) & DP_DUE_OPENED));
    publish(&recorded_site, &every);
}

static void a_timed_call_is_slow_by_the_threshold_at_entry(void)
{
    struct dp_site_stats *stats = stats_of(&quick_site);
    set_threshold(&quick_site, 1 * MS);
    uint64_t slow = stats->slow, due = hand_enter(&quick_site);
    set_threshold(&quick_site, 3600 * S);
    sleep_ms(3);
    hand_exit(&quick_site, due);
    CHECK(stats->slow == slow + 1 && last_slow().threshold_ns == 1 * MS);
    due = hand_enter(&quick_site); /* under an hour */
    set_threshold(&quick_site, 1 * MS);
    sleep_ms(3);
    hand_exit(&quick_site, due);
    CHECK(stats->slow == slow + 1);
}

static uint64_t reconfigured(void)
{
    return dp_self->state->lost[DP_LOSS_RECONFIGURED];
}

/* Calls of which the runtime knows only their `due`. */
static void a_watched_call_is_slow_by_the_threshold_at_entry(void)
{
    struct dp_site_stats *stats = stats_of(&watched_site);
    uint64_t slow = stats->slow, unknown = reconfigured(), before = dp_now_ns();
    uint64_t due = hand_enter(&watched_site);
    CHECK(!(due & DP_DUE_OPENED));
    set_threshold(&watched_site, 3600 * S);
    sleep_through_ticks(due, 100);
    hand_exit(&watched_site, due);
    CHECK(stats->slow == slow + 1 && last_slow().threshold_ns == 50 * MS);
    CHECK(last_slow().duration_ns >= 100 * MS);
    CHECK(last_slow().duration_ns <= dp_now_ns() - before + last_slow().duration_error_ns);
    CHECK(reconfigured() == unknown);
}

/* 100 ms, then 50 ms: by its `due`, each of these calls may have begun under either threshold. */
static void where_a_threshold_was_lowered_the_tick_tells(void)
{
    struct dp_site_stats *stats = stats_of(&lowered_site);
    uint64_t slow = stats->slow, unknown = reconfigured();
    sleep_ms(200); /* long enough for the first threshold */
    uint64_t before = hand_enter(&lowered_site);
    set_threshold(&lowered_site, 50 * MS);
    uint64_t after = hand_enter(&lowered_site);
    sleep_through_ticks(after, 75);
    hand_exit(&lowered_site, after);
    CHECK(stats->slow == slow + 1 && last_slow().threshold_ns == 50 * MS);
    sleep_through_ticks(before, 75);
    hand_exit(&lowered_site, before);
    CHECK(stats->slow == slow + 2 && last_slow().threshold_ns == 100 * MS);
    CHECK(last_slow().duration_ns >= 140 * MS && reconfigured() == unknown);
}

/* As after more ticks than are kept: the call stays open, is counted, and is not reported. */
static void where_nothing_tells_it_is_counted(void)
{
    struct dp_site_stats *stats = stats_of(&unclear_site);
    uint64_t slow = stats->slow, unknown = reconfigured();
    sleep_ms(200);
    set_threshold(&unclear_site, 50 * MS);
    uint64_t due = dp_tick_last() + 26 * MS; /* no tick under either */
    sleep_through_ticks(due, 100);
    hand_exit(&unclear_site, due);
    CHECK(stats->slow == slow && reconfigured() == unknown + 1);
    due = dp_site_config(unclear_site.index)->older->from_tick - 1 + 50 * MS; /* before both */
    hand_exit(&unclear_site, due);
    CHECK(stats->slow == slow && reconfigured() == unknown + 2);
}

static bool is_even(uint64_t tick)
{
    return tick % 2 == 0;
}

/* Three versions made by hand, at the ticks 1000, 2000 and 3000. */
static void which_version_a_due_is_of(void)
{
    const uint32_t index = DP_MAX_SITES - 1; /* nobody's */
    struct dp_site_config first = {.slow_by_tick = true, .slow_after = 500, .from_tick = 1000,
                                   .slow_threshold_ns = 600, .version = 1};
    struct dp_site_config second = {.slow_by_tick = true, .slow_after = 101, .from_tick = 2000,
                                    .slow_threshold_ns = 200, .version = 2, .older = &first};
    struct dp_site_config third = second;
    third.version = 3;
    third.older = &second;
    third.from_tick = 3000;
    dp_site_configs[index] = &third;
    CHECK(!dp_site_config_of_due(index, 999 + 500, is_even));
    CHECK(dp_site_config_of_due(index, 1000 + 500, is_even) == &first);
    CHECK(dp_site_config_of_due(index, 1600 + 500, is_even) == &first); /* 1999 of the second */
    CHECK(dp_site_config_of_due(index, 1700 + 500, is_even) == &first); /* 2099 is no tick */
    CHECK(dp_site_config_of_due(index, 2100 + 101, is_even) == &second); /* 1701 is none */
    CHECK(dp_site_config_of_due(index, 2900 + 101, is_even) == &second); /* only interval */
    CHECK(dp_site_config_of_due(index, 3500 + 101, is_even) == &third);
    /* Both in the tick of the change: both give the same result. */
    CHECK(dp_site_config_of_due(index, 3000 + 101, is_even)->version == 3);
    third.slow_threshold_ns = 201;
    CHECK(!dp_site_config_of_due(index, 3000 + 101, is_even));
    first.slow_after = 501;
    CHECK(!dp_site_config_of_due(index, 1700 + 501, is_even)); /* both are ticks */
    CHECK(!dp_site_config_of_due(index, 1701 + 501, is_even)); /* none is */
    /* A threshold that was raised: 2100 is too late for the first, 1700 early for the others. */
    second.slow_after = third.slow_after = 901;
    CHECK(!dp_site_config_of_due(index, 2100 + 501, is_even));
    CHECK(dp_site_config_of_due(index, 2000 + 501, is_even) == &first);
    dp_site_configs[index] = NULL;
}

static uint64_t moved_due;
static struct dp_site_stats elsewhere;

static void *end_there(void *unused)
{
    hand_exit(&recorded_site, hand_enter(&recorded_site)); /* meets the thread */
    deep_profile_exit_call(&moved_site, moved_due);
    elsewhere = *stats_of(&moved_site);
    return unused;
}

/* It has no frame there. */
static void a_call_that_ends_on_another_thread(void)
{
    pthread_t thread;
    set_population(&moved_site, 2);
    usleep(10);
    moved_due = hand_enter(&moved_site);
    usleep(10);
    set_population(&moved_site, 5);
    CHECK(pthread_create(&thread, NULL, end_there, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(elsewhere.sampled == 1 && elsewhere.estimated == 2 * UNIT);
    CHECK(elsewhere.variance == 6 * UNIT);
}

/* More calls than there are frames: the oldest lose their frames, but are timed all the same. */
static void calls_that_were_forgotten(void)
{
    enum { OPEN = DP_LANE_FRAMES + 100 };
    static uint64_t due[OPEN];
    const struct dp_site_stats *stats = stats_of(&crowded_site);
    for (uint64_t i = 0; i < OPEN; i++) {
        set_population(&crowded_site, i < 40 ? 2 : 5); /* once */
        due[i] = hand_enter(&crowded_site);
    }
    CHECK(dp_site_config(crowded_site.index)->version == 3 && dp_self->state->forgotten >= 40);
    set_population(&crowded_site, 7);
    for (uint64_t i = OPEN; i-- > 0;)
        hand_exit(&crowded_site, due[i]);
    CHECK(stats->sampled == OPEN);
    CHECK(stats->estimated == (40 * 2 + (OPEN - 40) * 5) * UNIT);
    CHECK(stats->variance == (40 * 6 + (OPEN - 40) * 15) * UNIT);
}

static void call_in_child(uint64_t due)
{
    uint32_t version = dp_site_config(forked_site.index)->version;
    hand_exit(&forked_site, hand_enter(&forked_site));
    const struct dp_site_config *config = dp_site_config(forked_site.index);
    const struct dp_site_stats *stats = stats_of(&forked_site);
    /* Decided again: the configuration that was published by hand is no longer in force. */
    CHECK(config->version == version + 1 && config->population.estimated == UNIT);
    CHECK(dp_site_config(quick_site.index)->older); /* its parent's are there still */
    /* The gate is the parent's; the call began after the fork. */
    CHECK(stats->sampled == 1 && stats->estimated == UNIT);
    hand_exit(&forked_site, due); /* its parent's call, which ends there */
    CHECK(stats->sampled == 1 && reconfigured() == 0);
    _exit(0);
}

static void in_a_forked_child(void)
{
    const struct dp_site_stats *stats = stats_of(&forked_site);
    int status = -1;
    uint64_t due = hand_enter(&forked_site);
    set_population(&forked_site, 5);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        call_in_child(due);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    hand_exit(&forked_site, due);
    CHECK(stats->sampled == 1 && stats->estimated == UNIT);
}

/* Two builds of one function: the same name, file and line. */
static const struct dp_site_attribute first_build[] = {
    {"rate=1, check_load=false", DP_ATTRIBUTE_PROFILE, 0}};
static const struct dp_site_attribute second_build[] = {
    {"rate=0.5, check_load=false", DP_ATTRIBUTE_PROFILE, 0}};
static struct dp_site_desc plugin_desc = {"plugin", "plugin.c", 7, 0, 1, DP_ABI_VERSION, first_build};

static uint32_t load(struct dp_site *site, const struct dp_site_attribute *attributes)
{
    plugin_desc.attributes = attributes;
    *site = (struct dp_site){.slow_after = DP_SLOW_NEVER, .desc = &plugin_desc};
    deep_profile_module_load(DP_ABI_VERSION, site, site + 1);
    CHECK(site->index);
    return site->index;
}

/* Objects of two versions in one module. */
static void functions_of_another_gate_stay_closed(void)
{
    static struct dp_site sites[3];
    static struct dp_site_desc older, newer;
    older = newer = plugin_desc;
    older.abi = DP_ABI_VERSION - 1;
    newer.abi = DP_ABI_VERSION + 1;
    sites[0] = (struct dp_site){.slow_after = DP_SLOW_NEVER, .desc = &older};
    sites[1] = (struct dp_site){.slow_after = DP_SLOW_NEVER, .desc = &newer};
    sites[2] = (struct dp_site){.slow_after = DP_SLOW_NEVER, .desc = &plugin_desc};
    uint64_t lost = dp_process_state()->lost[DP_LOSS_OTHER_GATE];
    deep_profile_module_load(DP_ABI_VERSION - 1, sites, sites + 3);
    CHECK(dp_process_state()->lost[DP_LOSS_OTHER_GATE] == lost + 2);
    for (int i = 0; i < 2; i++)
        CHECK(sites[i].index == 0 && sites[i].weight == 0 && sites[i].slow_after == DP_SLOW_NEVER);
    CHECK(sites[2].index && sites[2].weight);
    deep_profile_module_unload(sites);
}

static void a_module_that_is_loaded_again(void)
{
    static struct dp_site site[1];
    uint32_t index = load(site, first_build);
    const struct dp_site_config *first = dp_site_config(index);
    uint64_t due = hand_enter(site);
    const struct dp_site_stats *stats = stats_of(site);
    deep_profile_module_unload(site);
    CHECK(site->weight == 0 && dp_site_config(index) == first);
    CHECK(load(site, first_build) == index && dp_site_config(index) == first);
    deep_profile_module_unload(site);
    CHECK(load(site, second_build) == index);
    const struct dp_site_config *second = dp_site_config(index);
    CHECK(second->version == 2 && second->older == first && site->weight == second->weight);
    CHECK(second->path == DP_PATH_RECORD_SAMPLED && second->population.estimated == 2 * UNIT);
    hand_exit(site, due);
    CHECK(stats->calls == 1 && stats->estimated == UNIT);
    CHECK(stats->variance == 0);
    deep_profile_module_unload(site);
}

/* Which kinds chose a call, over many calls of a gate that two kinds share. Five standard
 * deviations; DEEP_PROFILE_SEED is set. */
static void two_kinds_of_sampling(void)
{
    enum { CALLS = 200000 };
    double sets[1 << DP_ATTRIBUTE_COUNT] = {0};
    for (int i = 0; i < CALLS; i++) {
        uint64_t due = hand_enter(&two_site);
        sets[due & DP_DUE_OPENED ? due >> DP_DUE_KINDS_SHIFT & DP_DUE_KINDS : 0]++;
        hand_exit(&two_site, due);
    }
    const double profile = 0.3, production = 0.2;
    const struct {
        uint32_t set;
        double p;
    } rows[] = {{0, (1 - profile) * (1 - production)},
                {DP_KIND(PROFILE), profile * (1 - production)},
                {DP_KIND(PRODUCTION), (1 - profile) * production},
                {DP_KIND(PROFILE) | DP_KIND(PRODUCTION), profile * production}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_WITHIN(sets[rows[i].set], CALLS * rows[i].p,
                     5 * sqrt(CALLS * rows[i].p * (1 - rows[i].p)));
    const struct dp_site_stats *stats = stats_of(&two_site);
    CHECK_WITHIN_SHARE((double)stats->estimated / UNIT, CALLS, 0.01);
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    hand_exit(&recorded_site, hand_enter(&recorded_site)); /* meets the thread */
    versions();
    totals_are_of_the_configuration_at_entry(&recorded_site);
    totals_are_of_the_configuration_at_entry(&quick_site);
    the_way_out_is_of_the_configuration_at_entry();
    a_timed_call_is_slow_by_the_threshold_at_entry();
    a_watched_call_is_slow_by_the_threshold_at_entry();
    where_a_threshold_was_lowered_the_tick_tells();
    where_nothing_tells_it_is_counted();
    which_version_a_due_is_of();
    a_call_that_ends_on_another_thread();
    calls_that_were_forgotten();
    functions_of_another_gate_stay_closed();
    a_module_that_is_loaded_again();
    two_kinds_of_sampling();
    in_a_forked_child();
    return 0;
}
