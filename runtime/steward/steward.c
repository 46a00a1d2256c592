/* See steward.h: the loop. */
#include "steward.h"

#include "base/clock.h"
#include "base/facts.h"
#include "base/os.h"
#include "base/settings.h"
#include "base/tick.h"
#include "books.h"
#include "governor.h"
#include "common/threshold.h"
#include "intervals.h"
#include "load.h"
#include "log/prepare.h"
#include "machine.h"
#include "rest.h"
#include "sampling/heap.h"
#include "sampling/heap_log.h"
#include "sampled_looks.h"
#include "sink.h"
#include "slow_looks.h"
#include "sites/configure.h"
#include "snapshot.h"
#include "telemetry/metrics.h"
#include "thread/lanes.h"
#include "watch.h"

#define SECOND_NS UINT64_C(1000000000)
#define SINK_NS UINT64_C(50000000)
#define LANES_REST_NS UINT64_C(100000000)
#define WRITING_NS UINT64_C(1000000)
#define RESTING_NS UINT64_C(50000000) /* while the tick rests; the other duties continue */
#define LEAST_REST_NS UINT64_C(500000)
#define CLOCK_NS (10 * SECOND_NS)
#define ALONE_NS UINT64_C(500000000)

static _Atomic bool stopping;
static DP_INITIAL_EXEC _Thread_local bool is_here;
static bool writing; /* threads are writing records: pages must be there in time */
static void (*every_second)(void);

/* The time at which each duty is next due. */
struct duties {
    uint64_t watch, load, second, sink, clock, rest, calls, metrics;
    uint64_t look; /* at an open call; also in a rest */
    bool snapshot; /* one is under way */
};

/* Depends on the shortest threshold in force and on the cost of a wake-up. */
static uint64_t tick_period(void)
{
    uint64_t longest = dp_setting_value(DP_SETTING_TICK);
    if (writing && longest > WRITING_NS)
        longest = WRITING_NS;
    uint64_t wanted = dp_tick_period_for(dp_configure_shortest_slow_ns(), longest);
    uint64_t shortest = dp_rest_shortest_period();
    return wanted < shortest ? shortest : wanted;
}

/* No rest while the sink has more to write: it writes a slice at each tick. */
static bool may_rest(const struct duties *next, uint64_t now)
{
    return next->sink && !next->snapshot && dp_rest_is_time(now);
}

static uint64_t resting_ns(const struct duties *next, uint64_t now)
{
    uint64_t wait = next->look > now && !next->snapshot ? next->look - now : 0;
    return wait < RESTING_NS ? wait + LEAST_REST_NS : RESTING_NS;
}

/* Sleeps until the next tick; or, while the tick rests, until a thread ends the rest or
 * other duties are due. False: a sandbox refuses every way to sleep. */
static bool sleep_or_rest(struct duties *next, uint64_t now, uint64_t period)
{
    static bool refused;
    dp_rest_count_wake();
    if (!dp_tick_rests()) {
        if (refused || !may_rest(next, now))
            return dp_os_sleep_until(dp_os_monotonic_ns() + period);
        dp_tick_rest(period);
        if (atomic_load(&stopping)) /* dp_steward_stop() sets it first, then ends a rest */
            dp_tick_end_rest();
    } else if (dp_rest_is_over()) {
        dp_tick_end_rest();
    }
    refused = !dp_tick_wait(dp_os_monotonic_ns() + resting_ns(next, now));
    if (refused)
        dp_tick_end_rest();
    if (!dp_tick_rests())
        dp_rest_has_ended(dp_now_ns());
    return true;
}

/* Looks at a limited number of lanes, so that a tick costs little even with many threads. */
static void prepare_lanes(void)
{
    enum { MOST = 256 };
    static uint32_t next;
    uint32_t count = dp_lanes_count();
    writing = false;
    for (uint32_t i = 0; i < MOST && i < count; i++)
        writing |= dp_prepare_ahead(&dp_lane_at(next++ % count)->stream);
}

/* True when `period_ns` have passed since it last was true. */
static bool is_time(uint64_t *next, uint64_t now, uint64_t period_ns)
{
    if (now < *next)
        return false;
    *next = now + period_ns;
    return true;
}

static void do_duties(struct duties *next, uint64_t now, uint64_t period)
{
    uint64_t calls_period = dp_setting_value(DP_SETTING_CALLS_PERIOD);
    uint64_t metrics = dp_metrics_interval_ns();
    dp_tick_advance(now, period, dp_configure_shortest_slow_ns());
    dp_process_has_not_ended();
    prepare_lanes();
    dp_governor_tick(now);
    if (is_time(&next->watch, now, dp_watch_interval_ns()) || now >= next->look)
        next->look = dp_watch_lanes(now, period);
    else
        dp_slow_looks_round(now);
    dp_sampled_looks_round(now);
    dp_heap_log(now);
    next->snapshot = dp_snapshot_round(now);
    if (is_time(&next->load, now, dp_setting_value(DP_SETTING_LOAD_PERIOD)))
        dp_load_check();
    dp_machine_round(now);
    if (is_time(&next->sink, now, SINK_NS) && dp_sink_feed())
        next->sink = 0; /* more is left: again at the next tick */
    if (metrics && is_time(&next->metrics, now, metrics))
        dp_metrics_report(now);
    if (!metrics && is_time(&next->rest, now, LANES_REST_NS))
        dp_lanes_rest(now, dp_intervals_lane_rests);
    dp_intervals_round(now);
    if (is_time(&next->clock, now, dp_books_interval_ns(now, CLOCK_NS)))
        dp_books_log_clock();
    if (calls_period && is_time(&next->calls, now, calls_period))
        dp_books_report_calls();
    if (is_time(&next->second, now, SECOND_NS)) {
        dp_clock_adjust();
        dp_lanes_reclaim();
        every_second();
        dp_governor_log(now, false);
        dp_books_keep(now, false);
    }
}

/* Is our thread the last one? It must not keep a process alive that has ended without it. */
static bool is_alone(void)
{
    static uint64_t next;
    return is_time(&next, dp_now_ns(), ALONE_NS) && dp_os_is_alone();
}

static void finish(void)
{
    dp_tick_end_rest();
    dp_watch_lanes(dp_now_ns(), tick_period());
    dp_sampled_looks_finish(dp_now_ns());
    dp_heap_end();
    dp_heap_log(dp_now_ns());
    dp_snapshot_finish();
    if (dp_metrics_interval_ns())
        dp_metrics_report(dp_now_ns());
    dp_machine_finish(dp_now_ns());
    every_second();
    dp_governor_log(dp_now_ns(), true);
    dp_books_keep(dp_now_ns(), true);
    dp_books_log_clock();
}

/* Returns a non-NULL value if no thread of the host is left. */
static void *run(void *unused)
{
    struct duties next = {.look = UINT64_MAX,
                          .calls = dp_now_ns() + dp_setting_value(DP_SETTING_CALLS_PERIOD),
                          .metrics = dp_now_ns() + dp_metrics_interval_ns()};
    uint64_t slept = 0;
    bool alone = false;
    (void)unused;
    is_here = true;
    dp_os_name_thread("deep-profile");
    while (!alone && !atomic_load_explicit(&stopping, memory_order_acquire)) {
        /* A site registered during the sleep may want a shorter period than the one that
         * has just passed; that does not make the tick late. */
        uint64_t period = tick_period();
        do_duties(&next, dp_now_ns(), slept > period ? slept : period);
        slept = period;
        if (!sleep_or_rest(&next, dp_now_ns(), period))
            break; /* going on would take a whole processor */
        alone = is_alone();
    }
    finish();
    is_here = !alone;
    return alone ? (void *)run : NULL;
}

int dp_steward_start(void (*upkeep)(void))
{
    int error = dp_watch_init();
    if (error)
        return error;
    every_second = upkeep;
    atomic_store_explicit(&stopping, false, memory_order_relaxed);
    dp_books_init();
    dp_intervals_init(dp_now_ns());
    dp_rest_init();
    dp_machine_init();
    dp_sampled_looks_init();
    dp_heap_log_init();
    dp_snapshot_init();
    dp_metrics_init(dp_now_ns());
    dp_tick_start(dp_now_ns());
    error = dp_os_thread_start(run);
    if (error)
        dp_watch_release();
    else
        dp_heap_begin();
    return error;
}

/* If the steward had stopped by itself, the time without ticks counts as a loss. */
bool dp_steward_stop(void)
{
    uint64_t now = dp_now_ns();
    if (is_here) { /* a handler of the program's own called exit(): nobody else is to be waited for */
        finish();
        return true;
    }
    atomic_store(&stopping, true);
    dp_tick_end_rest();
    if (!dp_os_thread_join())
        return false;
    if (now > dp_tick_last() + SECOND_NS)
        dp_process_lost(DP_LOSS_TICK_LATE, now - dp_tick_last());
    return true;
}

bool dp_steward_is_here(void)
{
    return is_here;
}
