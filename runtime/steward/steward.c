/* See steward.h: the loop. */
#include "steward.h"

#include "base/clock.h"
#include "base/facts.h"
#include "base/os.h"
#include "base/settings.h"
#include "base/tick.h"
#include "books.h"
#include "common/threshold.h"
#include "load.h"
#include "log/prepare.h"
#include "sink.h"
#include "sites/configure.h"
#include "thread/lanes.h"
#include "watch.h"

#define SECOND_NS UINT64_C(1000000000)
#define SINK_NS UINT64_C(50000000)
#define REST_NS UINT64_C(100000000)
#define CLOCK_NS (10 * SECOND_NS)
#define ALONE_NS UINT64_C(500000000)

static _Atomic bool stopping;
static DP_INITIAL_EXEC _Thread_local bool is_here;
static void (*every_second)(void);

/* For the shortest threshold in force. */
static uint64_t tick_period(void)
{
    return dp_tick_period_for(dp_configure_shortest_slow_ns(), dp_setting_value(DP_SETTING_TICK));
}

/* So many at a time that a tick costs little, however many threads there are. */
static void prepare_lanes(void)
{
    enum { MOST = 256 };
    static uint32_t next;
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < MOST && i < count; i++)
        dp_prepare_ahead(&dp_lane_at(next++ % count)->stream);
}

/* When each duty comes next. */
struct duties {
    uint64_t watch, load, second, sink, clock, rest, calls;
};

/* A duty that comes every `period_ns`: true when it is time. */
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
    dp_tick_advance(now, period);
    prepare_lanes();
    if (is_time(&next->watch, now, dp_watch_interval_ns()))
        dp_watch_lanes(now, period);
    if (is_time(&next->load, now, dp_setting_value(DP_SETTING_LOAD_PERIOD)))
        dp_load_check();
    if (is_time(&next->sink, now, SINK_NS) && dp_sink_feed())
        next->sink = 0; /* it has more: again after the next tick */
    if (is_time(&next->rest, now, REST_NS))
        dp_lanes_rest(now);
    if (is_time(&next->clock, now, dp_books_interval_ns(now, CLOCK_NS)))
        dp_books_log_clock();
    if (calls_period && is_time(&next->calls, now, calls_period))
        dp_books_report_calls();
    if (is_time(&next->second, now, SECOND_NS)) {
        dp_clock_adjust();
        dp_lanes_reclaim();
        every_second();
        dp_books_keep(now, false);
    }
}

/* The thread of ours must not keep alive a process that has ended without it. */
static bool is_alone(void)
{
    static uint64_t next;
    return is_time(&next, dp_now_ns(), ALONE_NS) && dp_os_is_alone();
}

/* Not NULL: no thread of the host's is left. */
static void *run(void *unused)
{
    struct duties next = {.calls = dp_now_ns() + dp_setting_value(DP_SETTING_CALLS_PERIOD)};
    bool alone = false;
    (void)unused;
    is_here = true;
    dp_os_name_thread("deep-profile");
    while (!alone && !atomic_load_explicit(&stopping, memory_order_acquire)) {
        uint64_t period = tick_period();
        do_duties(&next, dp_now_ns(), period);
        if (!dp_os_sleep_until(dp_os_monotonic_ns() + period))
            break; /* it would take a processor for itself */
        alone = is_alone();
    }
    dp_watch_lanes(dp_now_ns(), tick_period());
    every_second();
    dp_books_keep(dp_now_ns(), true);
    dp_books_log_clock();
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
    dp_tick_start(dp_now_ns());
    return dp_os_thread_start(run);
}

/* Also where it has stopped by itself: the time without ticks counts as a loss. */
bool dp_steward_stop(void)
{
    uint64_t now = dp_now_ns();
    atomic_store_explicit(&stopping, true, memory_order_release);
    if (!dp_os_thread_join())
        return false;
    if (now > deep_profile_tick + SECOND_NS)
        dp_process_lost(DP_LOSS_TICK_LATE, now - deep_profile_tick);
    return true;
}

bool dp_steward_is_here(void)
{
    return is_here;
}
