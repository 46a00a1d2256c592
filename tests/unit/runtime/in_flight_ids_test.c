/*
 * The ids of slow calls that were reported while still running: a call takes the id
 * that it was reported under, each id is used once, and of too many the oldest goes.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/due.h"
#include "check.h"
#include "hot/in_flight_ids.h"

#define SITE 7
#define TICK UINT64_C(1000000000) /* `due` of a call that was not opened */

static uint64_t take(uint32_t site, uint64_t due)
{
    struct dp_slow_end end = {0};
    return dp_in_flight_take(site, due, &end);
}

static void a_call_takes_the_id_it_was_reported_under(void)
{
    dp_in_flight_reset();
    CHECK(take(SITE, TICK) == 0);
    dp_in_flight_add(SITE, TICK, 100, false);
    CHECK(take(SITE + 1, TICK) == 0);
    CHECK(take(SITE, TICK + 1) == 0);
    CHECK(take(SITE, TICK) == 100);
    CHECK(take(SITE, TICK) == 0);
}

/* It began on lane 3, and ends on lane 5. */
static void an_opened_call_may_end_on_another_lane(void)
{
    dp_in_flight_reset();
    dp_in_flight_add(SITE, dp_due_opened(3, 1, TICK), 100, false);
    CHECK(take(SITE, dp_due_opened(5, 2, TICK)) == 0);
    CHECK(take(SITE, dp_due_opened(5, 1, TICK + 1)) == 0);
    CHECK(take(SITE, dp_due_opened(5, 1, TICK)) == 100);
}

/* No lane is in the `due` of a call that was not opened: after two years a tick reaches
 * these bits. */
static void the_tick_of_a_call_is_compared_whole(void)
{
    uint64_t lane_bit = UINT64_C(1) << DP_DUE_LANE_SHIFT;
    dp_in_flight_reset();
    dp_in_flight_add(SITE, TICK | lane_bit, 100, false);
    CHECK(take(SITE, TICK) == 0);
    CHECK(take(SITE, TICK | lane_bit) == 100);
}

/* A call on no list: only its thread, and by when it had begun, are known. */
static void a_call_that_was_seen_takes_the_id_on_its_thread(void)
{
    enum { THREAD = 40, SEEN = 1000 };
    struct dp_slow_end end = {.end_ns = 5000, .duration_ns = 4000, .error_ns = 50, .tid = THREAD};
    dp_in_flight_reset();
    dp_in_flight_add_seen(SITE, THREAD, SEEN, 100, DP_AWAITED);
    CHECK(dp_in_flight_is_open(100));
    CHECK(dp_in_flight_take(SITE + 1, TICK, &end) == 0);
    end.tid = THREAD + 1;
    CHECK(dp_in_flight_take(SITE, TICK, &end) == 0);
    end.tid = THREAD;
    end.duration_ns = 3900; /* it began at 1050 at the earliest */
    CHECK(dp_in_flight_take(SITE, TICK, &end) == 0);
    end.duration_ns = 4000;
    CHECK(dp_in_flight_take(SITE, TICK, &end) == 100);
    CHECK(!dp_in_flight_is_open(100));
    CHECK(dp_in_flight_ended(100, &end) && end.tid == THREAD);
}

static void what_is_taken_back_is_not_taken(void)
{
    dp_in_flight_reset();
    CHECK(!dp_in_flight_take_back(100));
    dp_in_flight_add(SITE, TICK, 100, false);
    CHECK(dp_in_flight_take_back(100));
    CHECK(!dp_in_flight_take_back(100));
    CHECK(take(SITE, TICK) == 0);
    dp_in_flight_add(SITE, TICK, 101, false);
    CHECK(take(SITE, TICK) == 101);
    CHECK(!dp_in_flight_take_back(101));
}

static void calls_that_look_alike_take_an_id_each(void)
{
    enum { N = 100, BACK = 40 };
    int taken[N + 1] = {0};
    dp_in_flight_reset();
    for (uint64_t id = 1; id <= N; id++)
        dp_in_flight_add(SITE, TICK, id, false);
    CHECK(dp_in_flight_take_back(BACK));
    for (int i = 1; i < N; i++) {
        uint64_t id = take(SITE, TICK);
        CHECK(id >= 1 && id <= N);
        taken[id]++;
    }
    CHECK(take(SITE, TICK) == 0);
    for (int id = 1; id <= N; id++)
        CHECK(taken[id] == (id != BACK), "%d was taken %d times", id, taken[id]);
}

/* The steward learns how the call with that id ended. */
static void an_awaited_end_is_reported_once(void)
{
    struct dp_slow_end end = {.end_ns = 7, .duration_ns = 5}, found;
    dp_in_flight_reset();
    dp_in_flight_add(SITE, TICK, 100, DP_AWAITED_WITH_USAGE);
    CHECK(!dp_in_flight_ended(100, &found));
    CHECK(dp_in_flight_report(100));
    CHECK(dp_in_flight_take(SITE, TICK, &end) == 100 && end.reported);
    CHECK(dp_in_flight_ended(100, &found));
    CHECK(found.end_ns == 7 && found.reported && found.has_usage && found.usage.cpu_ns > 0);
    CHECK(!dp_in_flight_ended(100, &found));
    CHECK(!dp_in_flight_report(100));
}

/* As many calls as there is room for do not evict it. */
static void an_awaited_entry_stays(void)
{
    struct dp_slow_end end = {.end_ns = 7}, found;
    dp_in_flight_reset();
    dp_in_flight_add(SITE, TICK, 5, DP_AWAITED);
    CHECK(dp_in_flight_take(SITE, TICK, &end) == 5);
    for (uint64_t id = 1; id <= 2 * DP_IN_FLIGHT_MAX; id++)
        dp_in_flight_add(SITE, TICK + id, 1000 + id, DP_NOT_AWAITED);
    CHECK(dp_in_flight_ended(5, &found) && found.end_ns == 7 && !found.has_usage);
}

static void of_too_many_the_oldest_go(void)
{
    enum { MORE = 10 };
    dp_in_flight_reset();
    for (uint64_t id = 1; id <= DP_IN_FLIGHT_MAX + MORE; id++)
        dp_in_flight_add(SITE, TICK + id, id, false);
    for (uint64_t id = 1; id <= DP_IN_FLIGHT_MAX + MORE; id++)
        CHECK(take(SITE, TICK + id) == (id > MORE ? id : 0), "%d", (int)id);
}

static void all_places_are_used_again(void)
{
    for (int round = 0; round < 3; round++) {
        for (uint64_t id = 1; id <= DP_IN_FLIGHT_MAX; id++)
            dp_in_flight_add(SITE, TICK + id, id, false);
        CHECK(dp_in_flight_take_back(500)); /* two holes in the middle, filled at once */
        CHECK(take(SITE, TICK + 600) == 600);
        dp_in_flight_add(SITE, TICK, 5000, false);
        dp_in_flight_add(SITE, TICK, 6000, false);
        CHECK(take(SITE, TICK) + take(SITE, TICK) == 11000);
        for (uint64_t id = 1; id <= DP_IN_FLIGHT_MAX; id++)
            CHECK(take(SITE, TICK + id) == (id == 500 || id == 600 ? 0 : id));
    }
}

static void a_forked_child_forgets_its_parents(void)
{
    dp_in_flight_add(SITE, TICK, 100, false);
    dp_in_flight_reset();
    CHECK(take(SITE, TICK) == 0 && !dp_in_flight_take_back(100));
    dp_in_flight_add(SITE, TICK, 101, false);
    CHECK(take(SITE, TICK) == 101);
}

/* ---- the steward adds and takes back, two threads take ---- */

enum { N_IDS = 50000, MOST_AT_ONCE = 100 };

static _Atomic unsigned char used[N_IDS + 1];
static _Atomic int n_open;
static atomic_bool no_more;

/* Ids of even and of odd number are of different calls; in the same places. */
static uint64_t due_of(uint64_t id)
{
    return TICK + id % 2;
}

static void use(uint64_t id)
{
    atomic_fetch_add(&used[id], 1);
    atomic_fetch_sub(&n_open, 1);
}

static void *take_all(void *unused)
{
    for (uint64_t i = 0; !atomic_load(&no_more) || atomic_load(&n_open); i++) {
        uint64_t id = take(SITE, due_of(i));
        if (!id)
            continue;
        CHECK(id <= N_IDS && due_of(id) == due_of(i));
        use(id);
    }
    return unused;
}

static void each_id_is_used_once_whoever_takes_it(void)
{
    pthread_t takers[2];
    int taken_back = 0;
    dp_in_flight_reset();
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&takers[i], NULL, take_all, NULL) == 0);
    for (uint64_t id = 1; id <= N_IDS; id++) {
        while (atomic_load(&n_open) >= MOST_AT_ONCE)
            sched_yield();
        atomic_fetch_add(&n_open, 1);
        dp_in_flight_add(SITE, due_of(id), id, false);
        if (id % 3 == 0 && dp_in_flight_take_back(id)) {
            taken_back++;
            use(id);
        }
    }
    atomic_store(&no_more, true);
    for (int i = 0; i < 2; i++)
        pthread_join(takers[i], NULL);
    for (int id = 1; id <= N_IDS; id++)
        CHECK(used[id] == 1, "%d was used %d times", id, used[id]);
    CHECK(taken_back > 0 && taken_back <= N_IDS / 3);
}

int main(void)
{
    a_call_takes_the_id_it_was_reported_under();
    an_opened_call_may_end_on_another_lane();
    the_tick_of_a_call_is_compared_whole();
    a_call_that_was_seen_takes_the_id_on_its_thread();
    what_is_taken_back_is_not_taken();
    calls_that_look_alike_take_an_id_each();
    an_awaited_end_is_reported_once();
    an_awaited_entry_stays();
    of_too_many_the_oldest_go();
    all_places_are_used_again();
    a_forked_child_forgets_its_parents();
    each_id_is_used_once_whoever_takes_it();
    return 0;
}
