/*
 * Calls that the steward reports while they run, and that end on another thread or are taken off
 * their thread's list by another coroutine's call: whatever happens in between, one call has one
 * id, and none is reported in flight that has ended.
 *
 * The steward's thread only keeps the tick here; its rounds are made by the tests, at times of
 * their own.
 */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/tick.h"
#include "check.h"
#include "hand_gate.h"
#include "hot/in_flight_ids.h"
#include "log/process_log.h"
#include "steward/watch.h"
#include "thread/lane.h"

#define MS UINT64_C(1000000)
#define PERIOD MS

HAND_SITE(suspended, DP_ATTRIBUTE_IF_SLOW, "16ms, rate=1", DP_SITE_IN_FLIGHT); /* by the tick */
HAND_SITE(framed, DP_ATTRIBUTE_IF_SLOW, "999us, rate=1", DP_SITE_IN_FLIGHT);   /* by the clock */

/* ---- what the steward writes, and its rounds ---- */

uint64_t __real_dp_watch_lanes(uint64_t now, uint64_t tick_period);
uint64_t __wrap_dp_watch_lanes(uint64_t now, uint64_t tick_period);
void __real_dp_log_event(uint32_t id, const void *payload, size_t bytes);
void __wrap_dp_log_event(uint32_t id, const void *payload, size_t bytes);
void __real_dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id, enum dp_awaited awaited);
void __wrap_dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id, enum dp_awaited awaited);

static struct dp_event_slow_operation in_flight; /* the last one */
static struct dp_event_reason reason;
static unsigned n_in_flight, n_reasons;
static void (*before_the_next_id)(void);

uint64_t __wrap_dp_watch_lanes(uint64_t now, uint64_t tick_period)
{
    (void)now;
    (void)tick_period;
    return UINT64_MAX;
}

void __wrap_dp_log_event(uint32_t id, const void *payload, size_t bytes)
{
    if (id == DP_EVENT_ID_slow_operation) {
        memcpy(&in_flight, payload, sizeof in_flight);
        n_in_flight++;
    } else if (id == DP_EVENT_ID_reason) {
        memcpy(&reason, payload, sizeof reason);
        n_reasons++;
    }
    __real_dp_log_event(id, payload, bytes);
}

void __wrap_dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id, enum dp_awaited awaited)
{
    void (*now)(void) = before_the_next_id;
    before_the_next_id = NULL;
    if (now)
        now();
    __real_dp_in_flight_add(site, due, id, awaited);
}

static void look_after(uint64_t ns)
{
    __real_dp_watch_lanes(dp_now_ns() + ns, PERIOD);
}

static void start_anew(void)
{
    dp_watch_init(); /* forgets all calls */
    memset(&in_flight, 0, sizeof in_flight);
    memset(&reason, 0, sizeof reason);
    n_in_flight = n_reasons = 0;
}

/* ---- calls ---- */

/* As the plugin does it for DP_SITE_IN_FLIGHT. */
static uint64_t begin(struct dp_site *site)
{
    uint64_t due = hand_enter(site);
    struct dp_open_call *call = &deep_profile_open->calls[deep_profile_open->top % DP_OPEN_MAX];
    call->due = due;
    call->site = site->index;
    deep_profile_open->top++;
    return due;
}

/* Until one of that age is slow for certain, whatever the tick does. */
static void pass_time(uint64_t threshold)
{
    uint64_t tick = dp_tick_last(), now = dp_now_ns(), begun = now;
    while (dp_tick_latest_start(NULL, tick, now) + 2 * threshold > now ||
           dp_tick_latest_of_exact(NULL, begun, now) + 2 * threshold > now ||
           deep_profile_tick < tick + 2 * threshold) {
        dp_os_yield();
        now = dp_now_ns();
    }
}

/* The final event of the call that ended last on this thread. */
static struct dp_event_slow_operation final_event(void)
{
    const struct dp_stream *stream = &dp_self->stream;
    struct dp_event_slow_operation event;
    memcpy(&event,
           (const char *)stream->packet + stream->packet->content_size_bits / 8 - sizeof event,
           sizeof event);
    return event;
}

static struct dp_site *begun_site;
static uint64_t begun_due;
static struct dp_event_slow_operation end_elsewhere;

static void begin_slow(struct dp_site *site, uint64_t threshold)
{
    dp_tick_end_rest(); /* a busy machine lets the tick rest between two steps of a test */
    begun_site = site;
    begun_due = begin(site);
    CHECK(!(begun_due & DP_DUE_OPENED) == (site == &suspended_site));
    pass_time(threshold);
}

static void *end_here(void *unused)
{
    hand_exit(begun_site, begun_due);
    end_elsewhere = final_event();
    return unused;
}

static void end_on_another_thread(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, end_here, NULL) == 0);
    pthread_join(thread, NULL);
}

/* Its entry is taken off the list by another call, and it ends long after. */
static void a_suspended_call_keeps_the_id_it_was_reported_under(void)
{
    start_anew();
    begin_slow(&suspended_site, 16 * MS);
    look_after(0);
    CHECK(n_in_flight == 1 && in_flight.flags & DP_SLOW_IN_FLIGHT);
    deep_profile_open->top--;
    for (unsigned i = 1; i <= 100; i++)
        look_after(i * 100 * MS);
    hand_exit(&suspended_site, begun_due);
    struct dp_event_slow_operation event = final_event();
    CHECK(event.site == suspended_site.index && event.id == in_flight.id);
    CHECK(event.flags & DP_SLOW_REPORTED);
    CHECK(n_in_flight == 1);
}

/* It ends between the steward's look at it and the report. */
static void a_call_that_has_just_ended_elsewhere_is_not_reported(void)
{
    start_anew();
    begin_slow(&framed_site, MS);
    before_the_next_id = end_on_another_thread;
    look_after(0);
    CHECK(!before_the_next_id && end_elsewhere.site == framed_site.index);
    CHECK(n_in_flight == 0 && !(end_elsewhere.flags & DP_SLOW_REPORTED));
    look_after(100 * MS);
    CHECK(n_in_flight == 0 && n_reasons == 0);
    deep_profile_open->top--;
}

/* The list of its first thread still has it: that thread may wait for long. */
static void the_reason_of_a_call_that_ended_elsewhere_is_written_at_once(struct dp_site *site,
                                                                         uint64_t threshold)
{
    start_anew();
    begin_slow(site, threshold);
    look_after(0);
    CHECK(n_in_flight == 1 && reason.flags & DP_REASON_IN_FLIGHT);
    end_on_another_thread();
    CHECK(end_elsewhere.id == in_flight.id && end_elsewhere.flags & DP_SLOW_REPORTED);
    look_after(0);
    CHECK(n_reasons == 2 && reason.call == in_flight.id && !(reason.flags & DP_REASON_IN_FLIGHT));
    look_after(1000 * MS);
    CHECK(n_reasons == 2 && n_in_flight == 1);
    deep_profile_open->top--;
}

int main(void)
{
    hand_exit(&framed_site, hand_enter(&framed_site)); /* the thread's first call */
    CHECK(deep_profile_open);
    a_suspended_call_keeps_the_id_it_was_reported_under();
    a_call_that_has_just_ended_elsewhere_is_not_reported();
    the_reason_of_a_call_that_ended_elsewhere_is_written_at_once(&framed_site, MS);
    the_reason_of_a_call_that_ended_elsewhere_is_written_at_once(&suspended_site, 16 * MS);
    return 0;
}
