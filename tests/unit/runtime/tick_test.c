/* What is known of a call by the tick that its entry read: a late tick, and a machine that
 * slept, widen the bounds of the calls that saw it and of no others. */
#include "base/tick.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/os.h"
#include "check.h"

#define MS UINT64_C(1000000)
#define PERIOD (5 * MS)

static uint64_t slept_ns; /* CLOCK_MONOTONIC stops while a machine sleeps */

uint64_t __real_dp_os_monotonic_ns(void);
uint64_t __wrap_dp_os_monotonic_ns(void);

uint64_t __wrap_dp_os_monotonic_ns(void)
{
    return __real_dp_os_monotonic_ns() - slept_ns;
}

static uint64_t next_tick(void)
{
    dp_tick_advance(dp_now_ns(), PERIOD, UINT64_MAX);
    return deep_profile_tick;
}

/* The error of the start of a call that read t0 and lasts ten seconds. */
static uint64_t width(uint64_t t0)
{
    return dp_tick_latest_start(NULL, t0, t0 + 10000 * MS) - t0;
}

static void the_tick_in_force_says_nothing(void)
{
    uint64_t t0 = next_tick();
    CHECK(width(t0) == 10000 * MS);
    CHECK(dp_tick_was(NULL, t0, 0) && !dp_tick_was(NULL, t0 + 1, 0));
    CHECK(!dp_tick_was(NULL, t0 - 1, 0));
    uint64_t t1 = next_tick(), now = dp_now_ns();
    CHECK(width(t0) >= t1 - t0 && width(t0) <= now - t0);
    CHECK(dp_tick_latest_start(NULL, t0, t0 + 1) == t0 + 1); /* not later than it ended */
    CHECK(width(t0 + 1) == 10000 * MS); /* never a tick */
}

/* A late one, then so many that the ring goes round. */
static void a_late_tick_is_of_its_calls_only(void)
{
    uint64_t before = next_tick(), seen_late = next_tick(), replaced = dp_now_ns();
    usleep(400000);
    uint64_t after = next_tick();
    next_tick();
    uint64_t last = dp_now_ns();
    CHECK(width(seen_late) >= 400 * MS);
    CHECK(width(before) <= replaced - before && width(after) <= last - after);
    for (int i = 0; i < 5000; i++)
        next_tick();
    CHECK(!dp_tick_was(NULL, seen_late, 0));
    CHECK(width(seen_late) >= 400 * MS);
    CHECK(width(before) < 400 * MS && width(after) < 400 * MS);
}

/* A call that began before lasted for the time that the machine was awake, at least. */
static void sleep_is_not_a_calls_time(void)
{
    if (!dp_clock_is_tsc())
        return; /* then our clock stands, too */
    uint64_t before = next_tick();
    next_tick();
    uint64_t exact_before = dp_now_ns();
    slept_ns += 1000 * MS;
    next_tick();
    uint64_t after = next_tick(), exact_after = dp_now_ns();
    next_tick();
    for (int round = 0; round < 2; round++) {
        CHECK(width(before) >= 1000 * MS && width(before) < 2000 * MS);
        CHECK(width(after) < 500 * MS);
        if (round == 0) {
            uint64_t end = exact_before + 10000 * MS;
            CHECK(dp_tick_latest_of_exact(NULL, exact_before, end) >= exact_before + 999 * MS);
            CHECK(dp_tick_latest_of_exact(NULL, exact_after, end) == exact_after);
        }
        dp_clock_adjust(); /* sees that the two clocks differ */
    }
}

static uint64_t lost_by(uint64_t gap, uint64_t period, uint64_t slow_ns)
{
    const uint64_t *lost = &dp_process_state()->lost[DP_LOSS_TICK_LATE];
    uint64_t before = *lost;
    dp_tick_advance(dp_tick_last() + gap, period, slow_ns);
    return *lost - before;
}

/* Its times are made up, so it comes last. */
static void a_gap_that_may_hide_a_slow_call_is_a_loss(void)
{
    CHECK(lost_by(8 * MS, 1 * MS, UINT64_MAX) == 0);
    CHECK(lost_by(9 * MS, 1 * MS, UINT64_MAX) == 8 * MS);
    CHECK(lost_by(3 * MS, 1 * MS, 1 * MS) == 2 * MS);
    CHECK(lost_by(2 * MS, 1 * MS, 1 * MS) == 0); /* a tick is rarely on time */
    CHECK(lost_by(3 * MS, 1 * MS, 5 * MS) == 0 && lost_by(6 * MS, 1 * MS, 5 * MS) == 5 * MS);
    CHECK(lost_by(40 * MS, 5 * MS, 500 * MS) == 0);
    /* A call of 4 ms that began 1.5 ms before the gap, three ticks, ends unseen in its last part. */
    for (int i = 0; i < 10; i++)
        CHECK(lost_by(MS / 2, MS / 2, 4 * MS) == 0);
    CHECK(lost_by(5 * MS / 2, MS / 2, 4 * MS) == 0);
    for (int i = 0; i < 10; i++)
        CHECK(lost_by(MS / 2, MS / 2, 4 * MS) == 0);
    CHECK(lost_by(13 * MS / 5, MS / 2, 4 * MS) == 21 * MS / 10);
    /* One that began before the tick before is judged: that was late, too. */
    CHECK(lost_by(39 * MS / 10, MS / 2, 4 * MS) == 0);
}

int main(void)
{
    dp_clock_init("auto");
    dp_tick_start(dp_now_ns());
    the_tick_in_force_says_nothing();
    a_late_tick_is_of_its_calls_only();
    sleep_is_not_a_calls_time();
    a_gap_that_may_hide_a_slow_call_is_a_loss();
    return 0;
}
