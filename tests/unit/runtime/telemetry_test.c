/*
 * What a program says by deep_profile.h: by which name it is found, what it adds up to, and what
 * becomes of it where it cannot be kept.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/facts.h"
#include "base/peek.h"
#include "check.h"
#include "common/levels.h"
#include "deep_profile.h"
#include "sites/sites.h"
#include "telemetry/names.h"
#include "thread/lanes.h"

/* 0: there is none. */
static uint32_t index_of(uint32_t named, const char *name)
{
    for (uint32_t i = 1; i <= dp_sites_count(); i++)
        if (dp_sites[i].named == named && strcmp(dp_sites[i].names.function, name) == 0)
            return i;
    return 0;
}

static const struct dp_site_stats *stats_of(uint32_t named, const char *name)
{
    uint32_t index = index_of(named, name);
    CHECK(index, "%s", name);
    CHECK(dp_self->stats[index], "%s", name);
    return dp_self->stats[index];
}

/* Nothing of ours is loaded: the first call of all starts the runtime. */
static void the_first_call_starts_the_runtime(void)
{
    CHECK(dp_process_mode() == DP_MODE_UNKNOWN && !dp_self);
    errno = 42;
    deep_profile_measure("first", 7);
    CHECK(dp_process_mode() == DP_MODE_ON && dp_self);
    CHECK(errno == 42);
    CHECK(stats_of(DP_SITE_OPERATION, "first")->total_ns == 7);
}

static void an_operation_has_every_figure(void)
{
    for (uint64_t ns = 1; ns <= 100; ns++)
        deep_profile_measure("figures", ns * 1000);
    const struct dp_site_stats *stats = stats_of(DP_SITE_OPERATION, "figures");
    CHECK(stats->calls == 100 && stats->sampled == 100);
    CHECK(stats->estimated == 100 * DP_WEIGHT_UNIT && stats->variance == 0);
    CHECK(stats->total_ns == 5050000 && stats->min_ns == 1000 && stats->max_ns == 100000);
}

static void a_name_is_its_text_and_not_its_address(void)
{
    char name[32];
    strcpy(name, "written over 1");
    deep_profile_count(name, 1);
    name[13] = '2';
    deep_profile_count(name, 10);
    name[13] = '1';
    deep_profile_count(name, 100);
    char elsewhere[] = "written over 2";
    deep_profile_count(elsewhere, 1000);
    CHECK(stats_of(DP_SITE_KIND, "written over 1")->calls == 101);
    CHECK(stats_of(DP_SITE_KIND, "written over 2")->calls == 1010);
}

static void one_name_may_be_of_several_things(void)
{
    deep_profile_count("jobs", 3);
    deep_profile_gauge("jobs", 4);
    deep_profile_measure("jobs", 5);
    CHECK(stats_of(DP_SITE_KIND, "jobs")->calls == 3);
    CHECK(stats_of(DP_SITE_GAUGE, "jobs")->value == 4);
    CHECK(stats_of(DP_SITE_OPERATION, "jobs")->total_ns == 5);
}

static void long_names_are_cut_and_no_name_is_none(void)
{
    char name[300];
    uint32_t before = dp_sites_count();
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    deep_profile_count(name, 1);
    name[200] = 'o';
    deep_profile_count(name, 1);
    name[DP_SITE_NAME_BYTES - 1] = 0;
    CHECK(stats_of(DP_SITE_KIND, name)->calls == 2);
    name[DP_SITE_NAME_BYTES - 2] = 'o';
    deep_profile_count(name, 1);
    CHECK(stats_of(DP_SITE_KIND, name)->calls == 1);
    CHECK(dp_sites_count() == before + 2);
    deep_profile_count("", 1);
    deep_profile_count(NULL, 1);
    CHECK(dp_sites_count() == before + 2);
}

static void a_gauge_keeps_its_last_value_and_the_bounds(void)
{
    static const int64_t values[] = {3, 20, -5, 7};
    for (size_t i = 0; i < 4; i++)
        deep_profile_gauge("depth", values[i]);
    const struct dp_site_stats *stats = stats_of(DP_SITE_GAUGE, "depth");
    CHECK(stats->calls == 4 && stats->value == 7 && stats->least == -5 && stats->greatest == 20);
    CHECK(stats->value_ns > 0);
    CHECK(stats->total_ns == 30); /* one below 0 counts as 0 */
    deep_profile_gauge("never above", INT64_MIN);
    stats = stats_of(DP_SITE_GAUGE, "never above");
    CHECK(stats->least == INT64_MIN && stats->greatest == INT64_MIN && stats->total_ns == 0);
}

static void *end_span(void *span)
{
    deep_profile_span_end(*(uint64_t *)span);
    return NULL;
}

static void a_span_may_end_on_another_thread(void)
{
    pthread_t thread;
    uint64_t span = deep_profile_span_begin("handed on"), here;
    uint32_t index = index_of(DP_SITE_OPERATION, "handed on");
    CHECK(span && index);
    CHECK(pthread_create(&thread, NULL, end_span, &span) == 0);
    pthread_join(thread, NULL);
    const struct dp_site_stats *stats = dp_self->stats[index];
    CHECK(stats->value == 1 && stats->sampled == 0); /* the other lane has its end */
    here = deep_profile_span_begin("handed on");
    usleep(2000);
    deep_profile_span_end(here);
    CHECK(stats->value == 1 && stats->sampled == 1);
    CHECK(stats->total_ns >= 2000000 && stats->min_ns == stats->max_ns);
}

static void what_is_no_span_does_nothing(void)
{
    uint32_t kind = index_of(DP_SITE_KIND, "jobs");
    uint64_t before = stats_of(DP_SITE_KIND, "jobs")->calls;
    deep_profile_span_end(0);
    deep_profile_span_end(UINT64_MAX);
    deep_profile_span_end(1);
    deep_profile_span_end((uint64_t)kind << 48 | 1);
    deep_profile_span_end((uint64_t)(dp_sites_count() + 1) << 48);
    CHECK(stats_of(DP_SITE_KIND, "jobs")->calls == before);
}

static void handler(int number)
{
    (void)number;
    deep_profile_count("in a handler", 1);
}

static void a_handler_that_interrupts_the_runtime_stays_out(void)
{
    char here;
    signal(SIGUSR1, handler);
    deep_profile_count("in a handler", 1);
    raise(SIGUSR1);
    CHECK(stats_of(DP_SITE_KIND, "in a handler")->calls == 2);
    uint64_t lost = dp_self->state->lost[DP_LOSS_REENTERED];
    dp_self->busy = (uintptr_t)&here | DP_PLAIN_CALL; /* the runtime is at work below */
    dp_self->busy += 4096;
    raise(SIGUSR1);
    dp_self->busy = 0;
    CHECK(stats_of(DP_SITE_KIND, "in a handler")->calls == 2);
    CHECK(dp_self->state->lost[DP_LOSS_REENTERED] == lost + 1);
}

static void a_forked_child_has_figures_of_its_own(void)
{
    deep_profile_count("forked", 5);
    pid_t child = fork();
    if (child == 0) {
        deep_profile_count("forked", 2);
        deep_profile_count("only the child's", 1);
        _exit(dp_self && stats_of(DP_SITE_KIND, "forked")->calls == 2 &&
                      stats_of(DP_SITE_KIND, "only the child's")->calls == 1
                  ? 7
                  : 8);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(stats_of(DP_SITE_KIND, "forked")->calls == 5);
    CHECK(!index_of(DP_SITE_KIND, "only the child's"));
}

static void levels_have_limits_that_may_be_set(void)
{
    uint64_t limits[DP_LEVEL_LIMITS];
    CHECK(dp_levels_find("1,5,20", "any", limits) == 0);
    CHECK(dp_level_of(limits, -1) == DP_LEVEL_IDLE && dp_level_of(limits, 0) == DP_LEVEL_IDLE);
    CHECK(dp_level_of(limits, 1) == DP_LEVEL_LIGHT && dp_level_of(limits, 4) == DP_LEVEL_LIGHT);
    CHECK(dp_level_of(limits, 5) == DP_LEVEL_BUSY && dp_level_of(limits, 19) == DP_LEVEL_BUSY);
    CHECK(dp_level_of(limits, 20) == DP_LEVEL_OVERLOADED);
    CHECK(dp_levels_find("jobs = 10, 100, 1000; 2,3,4", "jobs", limits) == 0);
    CHECK(limits[0] == 10 && limits[2] == 1000);
    CHECK(dp_levels_find("jobs=10,100,1000;2,3,4", "mail", limits) == 0);
    CHECK(limits[0] == 2 && limits[2] == 4);
    static const char *const wrong[] = {"1,5", "1,5,20,30", "5,1,20", "a,b,c", "1,5,20;jobs=1",
                                        "jobs=", "1,5,5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(dp_levels_find(wrong[i], "mail", limits) == -1, "%s", wrong[i]);
    CHECK(limits[0] == 2);
}

/* The steward's copy of the lane (steward/intervals.h) follows, though no gate is opened. */
static void what_is_measured_is_part_of_an_interval(void)
{
    for (int time = 0; time < 3; time++) {
        uint64_t before = dp_peek(&dp_self->shadow_paths);
        deep_profile_measure("in an interval", 1);
        alarm(20);
        while (dp_peek(&dp_self->shadow_paths) == before)
            usleep(1000);
        alarm(0);
    }
}

static _Atomic bool detaching;

static void *keep_detaching(void *unused)
{
    while (detaching)
        deep_profile_detach("nobody");
    return unused;
}

/* The list of handlers may be locked at the moment of a fork, by a thread that the child lacks. */
static void a_forked_child_may_detach(void)
{
    enum { CHILDREN = 50 };
    pthread_t thread;
    detaching = true;
    CHECK(pthread_create(&thread, NULL, keep_detaching, NULL) == 0);
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            alarm(30);
            _exit(deep_profile_detach("nobody") == -ENOENT ? 0 : 1);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0, "child %d: %d", i, status);
    }
    detaching = false;
    CHECK(pthread_join(thread, NULL) == 0);
}

/* The last one: it fills the table. */
static void what_has_no_room_is_counted(void)
{
    char name[32];
    uint32_t before = dp_sites_count();
    for (int i = 0; i < DP_NAMES_MOST + 10; i++) {
        snprintf(name, sizeof name, "one of many %d", i);
        deep_profile_count(name, 1);
    }
    uint32_t kept = dp_sites_count() - before;
    CHECK(dp_sites_count() == DP_NAMES_MOST);
    CHECK(dp_self->state->lost[DP_LOSS_NAMES] == DP_NAMES_MOST + 10 - kept);
    deep_profile_count("one of many 0", 1);
    CHECK(stats_of(DP_SITE_KIND, "one of many 0")->calls == 2);
}

int main(void)
{
    the_first_call_starts_the_runtime();
    an_operation_has_every_figure();
    a_name_is_its_text_and_not_its_address();
    one_name_may_be_of_several_things();
    long_names_are_cut_and_no_name_is_none();
    a_gauge_keeps_its_last_value_and_the_bounds();
    a_span_may_end_on_another_thread();
    what_is_no_span_does_nothing();
    a_handler_that_interrupts_the_runtime_stays_out();
    a_forked_child_has_figures_of_its_own();
    what_is_measured_is_part_of_an_interval();
    a_forked_child_may_detach();
    levels_have_limits_that_may_be_set();
    what_has_no_room_is_counted();
    return 0;
}
