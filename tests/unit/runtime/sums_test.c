/*
 * What one call adds to the times and the counts of its function, and to the log, against this
 * program's own clock.
 */
#include <setjmp.h>
#include <unistd.h>

#include "base/facts.h"
#include "base/load_gate.h"
#include "base/tick.h"
#include "sites/sites.h"
#include "sums.h"

/* The short way out of a call, and the general one. */
HAND_SITE(parent, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(child, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(general_parent, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(general_child, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(there, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(and_back, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(general_there, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(general_and_back, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(long_and_short, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(capped, DP_ATTRIBUTE_PROFILE, "rate=1, duration=100us, check_load=false", 0);
HAND_SITE(long_ones, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ms, check_load=false", 0);
HAND_SITE(left, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(sampled, DP_ATTRIBUTE_PROFILE, "strategy=calls, check_load=false", 0);
HAND_SITE(timed, DP_ATTRIBUTE_IF_SLOW, "999us, rate=1", 0); /* slow by the clock */
HAND_SITE(watched, DP_ATTRIBUTE_IF_SLOW, "16ms, rate=1", 0); /* by the tick */
HAND_SITE(checked, DP_ATTRIBUTE_PROFILE, "rate=1", 0);
HAND_SITE(production, DP_ATTRIBUTE_PRODUCTION, "rate=1", 0);

/* ---- the time of calls below ---- */

static __attribute__((noinline)) void one_millisecond(struct dp_site *site)
{
    uint64_t due = hand_enter(site);
    spin(MS);
    hand_exit(site, due);
}

static void self_time_is_without_the_children(struct dp_site *parent, struct dp_site *child)
{
    struct dp_site_stats *around = stats_of(parent), *below = stats_of(child);
    uint64_t due = hand_enter(parent);
    for (int i = 0; i < 3; i++)
        one_millisecond(child);
    hand_exit(parent, due);
    CHECK(below->sampled == 3 && below->total_ns >= 3 * MS && below->child_ns == 0);
    CHECK(around->child_ns == below->total_ns);
    CHECK(around->total_ns > around->child_ns);

    /* A later call at the same depth without calls inside has no child time. */
    uint64_t child_ns = around->child_ns;
    one_millisecond(parent);
    CHECK(around->sampled == 2 && around->child_ns == child_ns);
}

/* ---- recursion ---- */

#define STEP (MS / 10)

static __attribute__((noinline)) void descend(struct dp_site *site, struct dp_site *other,
                                              int depth)
{
    uint64_t due = hand_enter(site);
    spin(STEP);
    if (depth > 0)
        descend(other, site, depth - 1);
    hand_exit(site, due);
}

/* a calls b calls a calls b: the outermost of each has the time of those inside. The first
 * time round their aggregates are made when the innermost call ends. */
static void recursion_is_counted_once(struct dp_site *a, struct dp_site *b)
{
    for (int round = 1; round <= 2; round++) {
        descend(a, b, 3);
        const struct dp_site_stats *of_a = stats_of(a), *of_b = stats_of(b);
        CHECK(of_a->sampled == 2u * (unsigned)round && of_b->sampled == 2u * (unsigned)round);
        uint64_t once_a = of_a->total_ns - of_a->nested_ns;
        uint64_t once_b = of_b->total_ns - of_b->nested_ns;
        CHECK(of_a->nested_ns >= (unsigned)round * 2 * STEP && of_b->nested_ns >= (unsigned)round * STEP);
        CHECK(of_a->nested_ns < of_b->total_ns && of_b->nested_ns < of_a->nested_ns);
        CHECK(once_a > once_b && once_a >= (unsigned)round * 4 * STEP);
    }
    /* An earlier recursion leaves nothing behind. */
    uint64_t nested_ns = stats_of(a)->nested_ns;
    uint64_t due = hand_enter(b);
    one_millisecond(a);
    hand_exit(b, due);
    one_millisecond(a);
    CHECK(stats_of(a)->nested_ns == nested_ns);
}

/* ---- calls of every kind ---- */

static void the_shortest_and_the_longest(void)
{
    const struct dp_site_stats *stats = stats_of(&long_and_short_site);
    one_millisecond(&long_and_short_site);
    for (int i = 0; i < 1000; i++)
        call(&long_and_short_site);
    one_millisecond(&long_and_short_site);
    call(&long_and_short_site);
    CHECK(stats->max_ns >= MS && stats->max_ns < stats->total_ns);
    one_millisecond(&long_and_short_site);
    CHECK(stats->min_ns < MS && stats->sampled == 1004);
}

static void a_call_longer_than_its_cap(void)
{
    struct dp_event_call_wide event;
    one_millisecond(&capped_site);
    copy_last_record(&event, sizeof event);
    CHECK(event.site == capped_site.index && event.flags == DP_CALL_CAPPED);
    one_millisecond(&left_site);
    spin(MS); /* too long for a record of 8 bytes */
    uint64_t due = hand_enter(&left_site);
    spin(2 * MS);
    hand_exit(&left_site, due);
    copy_last_record(&event, sizeof event);
    CHECK(event.site == left_site.index && event.flags == 0 && event.duration_ns >= 2 * MS);
}

static void only_calls_over_the_threshold_leave_records(void)
{
    const struct dp_site_stats *stats = stats_of(&long_ones_site);
    uint64_t records = dp_self->stream.records;
    uint64_t before = own_clock();
    for (int i = 0; i < 10; i++)
        call(&long_ones_site);
    if (own_clock() - before < MS) /* none was interrupted for so long */
        CHECK(dp_self->stream.records == records);
    records = dp_self->stream.records;
    one_millisecond(&long_ones_site);
    CHECK(dp_self->stream.records == records + 1 && stats->sampled == 11);
}

static jmp_buf back;

static __attribute__((noinline)) void leave(void)
{
    hand_enter(&left_site);
    longjmp(back, 1);
}

static void a_call_that_is_left(void)
{
    const struct dp_site_stats *stats = stats_of(&left_site);
    uint64_t sampled = stats->sampled;
    if (setjmp(back) == 0)
        leave();
    hand_exit(&parent_site, hand_enter(&parent_site)); /* from above: the other is over */
    CHECK(stats->exceptions == 1 && stats->sampled == sampled);
}

/* One call in a hundred is timed; the others are opened only to be counted: one slow path each. */
static void calls_that_are_only_counted(void)
{
    const struct dp_site_stats *stats = stats_of(&sampled_site);
    uint64_t slow_paths = dp_self->state->slow_paths;
    for (int i = 0; i < 1000; i++)
        call(&sampled_site);
    CHECK(stats->calls == 1000 && stats->sampled < 100);
    CHECK(dp_self->state->slow_paths == slow_paths + 1000);
}

/* ---- slow calls ---- */

static void slow_calls_add_up(void)
{
    const struct dp_site_stats *stats = stats_of(&timed_site);
    uint64_t total_ns = 0, most_ns = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct dp_event_slow_operation event;
        uint64_t due = hand_enter(&timed_site);
        spin((i == 1 ? 3 : 2) * MS);
        hand_exit(&timed_site, due);
        copy_last_record(&event, sizeof event);
        CHECK(event.site == timed_site.index && event.duration_ns >= 2 * MS);
        CHECK(event.flags & DP_SLOW_EXACT && event.duration_error_ns == 0);
        total_ns += event.duration_ns;
        most_ns = event.duration_ns > most_ns ? event.duration_ns : most_ns;
    }
    CHECK(stats->slow == 3 && stats->slow_total_ns == total_ns && stats->slow_max_ns == most_ns);
}

/* Begins at any moment between two ticks. The thread makes calls meanwhile: it is not idle. */
static void until_some_moment(unsigned i)
{
    uint64_t start = own_clock(), ns = (i * 377 % 1000) * 7000;
    while (own_clock() - start < ns)
        call(&watched_site);
}

/*
 * A call that is known by its ticks alone. It began at the tick of its entry, `first`, or
 * later, but before that tick was replaced, `latest`. The reported duration is in the middle
 * between the two, and its error reaches both.
 *
 * Whether the duration is as often too long as too short is not measured here: on a busy
 * machine a call begins at no random moment between two ticks, since the steward runs when
 * this thread sleeps.
 */
static void a_duration_is_right_within_its_error(void)
{
    enum { CALLS = 40 };
    const struct dp_site_stats *stats = stats_of(&watched_site);
    const uint64_t slow_after = dp_site_config(watched_site.index)->slow_after;
    for (unsigned i = 0, judged = 0; judged < CALLS; i++) {
        struct dp_event_slow_operation event;
        until_some_moment(i);
        uint64_t slow = stats->slow, before = own_clock(), due = hand_enter(&watched_site);
        uint64_t inside = own_clock(), first = due - slow_after;
        CHECK(!(due & DP_DUE_OPENED)); /* DEEP_PROFILE_SLOW_BASELINE */
        usleep(40000); /* over the threshold with every tick of a quiet machine */
        uint64_t outside = own_clock();
        hand_exit(&watched_site, due);
        uint64_t after = own_clock(), latest = dp_tick_latest_start(NULL, first, after);
        if (stats->slow == slow)
            continue; /* ticks so far apart that it is not certain */
        judged++;
        CHECK(first <= inside && latest >= before);
        copy_last_record(&event, sizeof event);
        CHECK(event.site == watched_site.index && event.duration_error_ns > 0);
        CHECK(!(event.flags & DP_SLOW_EXACT));
        uint64_t longest = event.duration_ns + event.duration_error_ns;
        uint64_t shortest = event.duration_ns - event.duration_error_ns;
        CHECK(longest >= outside - first && longest <= after - first + 1);
        CHECK(shortest + 1 + latest >= outside && shortest <= after - latest);
    }
}

/* A call that ends when its threshold has passed since the tick before it. What the tick knows of
 * such calls is added up. (Where it knows more, or this thread lost its processor: once more.) */
static void what_calls_took_that_may_have_been_slow_has_bounds(void)
{
    const struct dp_site_stats *stats = stats_of(&watched_site);
    const struct dp_site_config *config = dp_site_config(watched_site.index);
    uint64_t maybe = stats->maybe_slow, least = stats->maybe_slow_least_ns;
    uint64_t most = stats->maybe_slow_most_ns, before, inside, outside, after;
    do {
        before = own_clock();
        uint64_t due = hand_enter(&watched_site);
        inside = own_clock();
        do
            outside = own_clock();
        while (outside < due - config->slow_after + config->slow_threshold_ns);
        hand_exit(&watched_site, due);
        after = own_clock();
    } while (stats->maybe_slow == maybe);
    CHECK(stats->maybe_slow == maybe + 1);
    least = stats->maybe_slow_least_ns - least;
    most = stats->maybe_slow_most_ns - most;
    CHECK(least <= after - before && most >= outside - inside);
    CHECK(least < config->slow_threshold_ns && most >= config->slow_threshold_ns);
}

/* ---- the load gate ---- */

/* Both where the call's record is all that it would leave and where it has a general way. */
static void a_refused_call_is_counted(struct dp_site *site)
{
    const struct dp_site_stats *stats = stats_of(site);
    uint64_t gated = stats->gated, lanes = dp_self->state->gated, sampled = stats->sampled;
    dp_load_gate_move(DP_RESOURCE_CPU, true);
    for (int i = 0; i < 5; i++)
        CHECK(!call(site));
    dp_load_gate_move(DP_RESOURCE_CPU, false);
    CHECK(call(site));
    CHECK(stats->gated == gated + 5 && dp_self->state->gated == lanes + 5);
    CHECK(stats->sampled == sampled + 1);
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    call(&parent_site); /* meets the thread */
    *stats_of(&parent_site) = (struct dp_site_stats){.site = parent_site.index};
    self_time_is_without_the_children(&parent_site, &child_site);
    self_time_is_without_the_children(&general_parent_site, &general_child_site);
    recursion_is_counted_once(&there_site, &and_back_site);
    recursion_is_counted_once(&general_there_site, &general_and_back_site);
    the_shortest_and_the_longest();
    a_call_longer_than_its_cap();
    only_calls_over_the_threshold_leave_records();
    a_call_that_is_left();
    calls_that_are_only_counted();
    slow_calls_add_up();
    a_duration_is_right_within_its_error();
    what_calls_took_that_may_have_been_slow_has_bounds();
    a_refused_call_is_counted(&checked_site);
    a_refused_call_is_counted(&production_site);
    return 0;
}
