/* See slow_looks.h. */
#include "slow_looks.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "hot/in_flight_ids.h"
#include "hot/slow_id.h"
#include "log/process_log.h"
#include "open_calls.h"
#include "sampling/division.h"
#include "sampling/findings.h"
#include "sampling/look.h"
#include "sampling/stack_log.h"
#include "sites/site_of_code.h"

#define FOLLOWED_MAX 64
#define LEAST_APART_NS UINT64_C(1000000)
#define LOOKS_IN_THRESHOLD 16 /* in its age, when the call is older than its threshold */
#define READS_IN_THRESHOLD 64
#define LATE_END_NS UINT64_C(1000000000) /* at most, from a call's end to its record */

struct followed {
    uint64_t id; /* 0: the place is free */
    struct dp_watched call;
    uint32_t tid;
    uint32_t looks;
    bool reported, over; /* reported in flight; ended, or no longer on its lane's list */
    bool is_slow; /* on no list, but certainly over its threshold: its end will be reported */
    bool counted;        /* the findings have the last look */
    uint64_t over_since_ns;
    uint64_t next_look_ns, next_report_ns;
    struct dp_reading first, last;
    struct dp_thread_counts counts;
    struct dp_look look;
    struct dp_findings findings;
};

static struct followed *all[FOLLOWED_MAX]; /* mapped one by one: most processes need none */
static uint64_t last_number; /* starts in the middle: ids that calls get at their end differ */

int dp_slow_looks_init(void)
{
    for (int i = 0; i < FOLLOWED_MAX; i++)
        if (all[i])
            all[i]->id = 0;
    last_number = UINT64_C(1) << 63;
    dp_stack_log_init();
    return dp_ask_init();
}

void dp_slow_looks_release(void)
{
    for (int i = 0; i < FOLLOWED_MAX; i++) {
        dp_memory_ceiling_unmap_for_good(all[i], sizeof *all[i]);
        all[i] = NULL;
    }
    dp_stack_log_release();
    dp_ask_release();
}

static struct followed *find(const struct dp_lane *lane, uint64_t i, uint64_t due)
{
    for (int n = 0; n < FOLLOWED_MAX; n++) {
        struct followed *one = all[n];
        if (one && one->id && !one->over && one->call.lane == lane && one->call.i == i &&
            one->call.due == due)
            return one;
    }
    return NULL;
}

uint64_t dp_slow_looks_id(const struct dp_lane *lane, uint64_t i, uint64_t due)
{
    const struct followed *one = find(lane, i, due);
    return one ? one->id : 0;
}

static struct followed *make_place(void)
{
    return dp_memory_ceiling_map_for_good(sizeof(struct followed));
}

static void forget(struct followed *one)
{
    dp_in_flight_forget(one->id);
    if (one->look.ticket)
        dp_ask_forget(one->look.ticket);
    one->id = 0;
}

/* Threads of the host may wait forever in watched calls. What was reported of them stays in the
 * log. */
static struct followed *place_of_oldest_reported(void)
{
    struct followed *oldest = NULL;
    for (int n = 0; n < FOLLOWED_MAX; n++)
        if (all[n]->reported && (!oldest || all[n]->call.start_ns < oldest->call.start_ns))
            oldest = all[n];
    if (oldest)
        forget(oldest);
    return oldest;
}

/* A free place for another call; NULL: too many, or no memory. */
static struct followed *take_place(void)
{
    for (int n = 0; n < FOLLOWED_MAX; n++)
        if (all[n] && !all[n]->id)
            return all[n];
    for (int n = 0; n < FOLLOWED_MAX; n++)
        if (!all[n])
            return all[n] = make_place();
    return place_of_oldest_reported();
}

static bool stands_still(const struct dp_watched *call)
{
    uint64_t cpu_ns;
    return dp_os_cpu_ns_of(call->tid, &cpu_ns) == 0 && cpu_ns == call->cpu_ns;
}

static bool thread_lives(uint32_t tid)
{
    uint64_t cpu_ns;
    return dp_os_cpu_ns_of(tid, &cpu_ns) == 0;
}

/* A call that is on no list is certainly open while its thread stands still. Once it is slow, it
 * is open until its thread uses its entry in in_flight_ids.h. */
static bool is_open_unlisted(struct followed *one, uint64_t now)
{
    if (!one->is_slow && stands_still(&one->call))
        one->is_slow = now - one->call.start_ns >= one->call.threshold_ns;
    else if (!one->is_slow)
        return false;
    return dp_in_flight_is_open(one->id) && thread_lives(one->tid);
}

/* False: it is no longer on its lane's list, or has ended on another thread. */
static bool is_listed(const struct dp_watched *call, uint64_t now)
{
    const struct dp_lane_state *state = dp_lane_state_of(call->lane);
    return state && dp_peek(&state->open.top) > call->i &&
           dp_peek(&state->open.calls[call->i % DP_OPEN_MAX].due) == call->due &&
           !dp_open_call_is_over(call->lane, call->site, call->due, now);
}

static bool is_open(struct followed *one, uint64_t now)
{
    return one->call.lane ? is_listed(&one->call, now) : is_open_unlisted(one, now);
}

static bool read_clocks(uint32_t tid, struct dp_reading *reading)
{
    reading->time_ns = dp_now_ns();
    if (dp_os_cpu_ns_of(tid, &reading->cpu_ns) != 0)
        return false;
    reading->runnable_known = dp_thread_runnable_ns(tid, &reading->runnable_ns);
    return true;
}

/* One look at a thread serves all its calls. */
static bool look_with_others(struct followed *one, uint64_t now)
{
    for (int n = 0; n < FOLLOWED_MAX; n++) {
        const struct followed *other = all[n];
        if (other && other != one && other->id && other->tid == one->tid &&
            other->look.time_ns >= now && !other->look.ticket) {
            memcpy(&one->look, &other->look, sizeof one->look);
            return true;
        }
    }
    return dp_look_at(one->tid, &one->look);
}

static uint64_t apart_ns(const struct followed *one, uint64_t now)
{
    uint64_t age = now - one->call.start_ns, threshold = one->call.threshold_ns;
    uint64_t apart = (age > threshold ? age : threshold) / LOOKS_IN_THRESHOLD;
    return apart > LEAST_APART_NS ? apart : LEAST_APART_NS;
}

/* A look stands for the time until the next one. */
static void add_time_until(struct followed *one, uint64_t time_ns)
{
    uint64_t since = one->look.time_ns;
    if (!one->looks || time_ns <= since)
        return;
    dp_look_finish(&one->look);
    dp_findings_add(&one->findings, &one->look, !one->counted, time_ns - since);
    one->look.time_ns = time_ns;
    one->counted = true;
}

/* A call that is on no list may be left by longjmp(), or its coroutine may rest: then nothing
 * else says that its thread does something else. */
static bool is_left(const struct followed *one)
{
    const struct dp_look *look = &one->look;
    return !one->call.lane && look->state == DP_THREAD_BLOCKED &&
           look->cpu_ns != one->call.cpu_ns && look->stack.n &&
           !(look->stack.flags & DP_STACK_ENDED_EARLY) && !dp_site_is_on(&look->stack, one->call.site);
}

static void look(struct followed *one, uint64_t now)
{
    add_time_until(one, now);
    one->counted = false;
    if (!look_with_others(one, now)) {
        one->look.tid = 0;
        return;
    }
    if (is_left(one)) {
        forget(one);
        return;
    }
    if (one->look.time_ns < now)
        one->look.time_ns = now;
    one->looks++;
    one->next_look_ns = now + apart_ns(one, now);
}

/* The call's end finds its id from now on. */
static void announce(struct followed *one)
{
    const struct dp_watched *call = &one->call;
    enum dp_awaited how = one->counts.in_sandbox ? DP_AWAITED : DP_AWAITED_WITH_USAGE;
    one->id = dp_slow_id(call->lane ? call->lane->index : 0, call->site, call->due, ++last_number);
    if (call->lane)
        dp_in_flight_add(call->site, call->due, one->id, how);
    else
        dp_in_flight_add_seen(call->site, call->tid, call->start_ns, one->id, how);
}

static struct followed *begin(const struct dp_watched *call)
{
    struct followed *one = take_place();
    if (!one)
        return NULL;
    memset(one, 0, offsetof(struct followed, look));
    one->call = *call;
    one->tid = call->lane ? dp_peek_32(&call->lane->stream.tid) : call->tid;
    one->look.tid = 0;
    dp_findings_start(&one->findings);
    if (!read_clocks(one->tid, &one->first))
        return NULL; /* the thread has ended */
    one->last = one->first;
    dp_thread_counts(one->tid, &one->counts);
    return one;
}

/* Whether a call of that site and thread, on no list, is followed already. One whose end was
 * awaited, since its thread had moved, gives way: else the end of this call could take its id. */
static bool is_followed_unlisted(const struct dp_watched *call)
{
    for (int n = 0; n < FOLLOWED_MAX; n++) {
        struct followed *one = all[n];
        if (!one || !one->id || one->call.lane || one->tid != call->tid ||
            one->call.site != call->site)
            continue;
        if (!one->over || one->reported || !dp_in_flight_take_back(one->id))
            return true;
        one->id = 0;
    }
    return false;
}

uint64_t dp_slow_looks_follow(const struct dp_watched *call, uint64_t now)
{
    if (call->lane ? find(call->lane, call->i, call->due) != NULL : is_followed_unlisted(call))
        return 0;
    struct followed *one = begin(call);
    if (!one)
        return 0;
    announce(one);
    /* Pairs with the fence in dp_in_flight_take(). This thread, the steward, has stored the entry
     * and now loads the call's list; the call's thread takes the call off the list, then loads
     * the entries. At least one of them sees the other's store, so an ended call is not followed
     * without an end. The same holds for the frame of a call that ends on another thread. A thread
     * that stands still has no call to end; when it runs again, the kernel has ordered its loads
     * behind our store. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!is_open(one, now) && dp_in_flight_take_back(one->id)) {
        one->id = 0;
        return 0;
    }
    dp_modules_log();
    look(one, now);
    return one->id;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void count_since(const struct followed *one, const struct dp_slow_end *end,
                        struct dp_event_reason *event)
{
    struct dp_thread_counts now = {.minor_faults = end->usage.minor_faults,
                                   .major_faults = end->usage.major_faults,
                                   .voluntary = end->usage.voluntary,
                                   .involuntary = end->usage.involuntary,
                                   .faults_known = true,
                                   .switches_known = true};
    if (!end->has_usage)
        dp_thread_counts(one->tid, &now);
    if (now.faults_known && one->counts.faults_known) {
        event->minor_faults = less(now.minor_faults, one->counts.minor_faults);
        event->major_faults = less(now.major_faults, one->counts.major_faults);
    } else {
        event->flags |= DP_REASON_NO_FAULTS;
    }
    if (now.switches_known && one->counts.switches_known) {
        event->voluntary_switches = less(now.voluntary, one->counts.voluntary);
        event->involuntary_switches = less(now.involuntary, one->counts.involuntary);
    } else {
        event->flags |= DP_REASON_NO_SWITCHES;
    }
}

/* `duration_ns` is the reported duration: the four times add up to it. */
static void write_reason(const struct followed *one, const struct dp_slow_end *end, bool ended)
{
    struct dp_reading next;
    struct dp_division division;
    bool known = read_clocks(one->tid, &next);
    const struct dp_divided_end at = {end->end_ns, end->has_usage ? end->usage.cpu_ns : 0};
    dp_divide(&one->first, &one->last, known ? &next : NULL, &at, &division);
    uint64_t divided = division.on_cpu_ns + division.runnable_ns + division.blocked_ns;
    struct dp_event_reason event = {
        .call = one->id,
        .flags = (ended ? 0 : DP_REASON_IN_FLIGHT) |
                 (division.runnable_known ? 0 : DP_REASON_NO_RUNNABLE),
        .looks = one->looks,
        .on_cpu_ns = division.on_cpu_ns,
        .runnable_ns = division.runnable_ns,
        .blocked_ns = division.blocked_ns,
        .before_first_look_ns = less(end->duration_ns, divided),
        .error_ns = division.error_ns + end->error_ns,
    };
    count_since(one, end, &event);
    dp_log_event(DP_EVENT_ID_reason, &event, sizeof event);
}

/* Writes everything that is known and not written yet. */
static void write_all(struct followed *one, const struct dp_slow_end *end, bool ended)
{
    add_time_until(one, end->end_ns);
    dp_modules_log();
    dp_findings_log(&one->findings, one->call.site, one->tid, one->id);
    dp_findings_start(&one->findings);
    write_reason(one, end, ended);
}

static bool is_chosen(const struct followed *one)
{
    return one->call.event_chance && dp_slow_chosen(one->id, one->call.event_chance);
}

static void report_so_far(struct followed *one, uint64_t now)
{
    struct dp_slow_end so_far = {.end_ns = now,
                                 .duration_ns = less(now, one->call.start_ns),
                                 .error_ns = one->call.error_ns};
    one->reported = true;
    one->next_report_ns = now + so_far.duration_ns; /* when it is twice as old */
    if (is_chosen(one))
        write_all(one, &so_far, false);
}

void dp_slow_looks_report(uint64_t id, uint64_t now)
{
    for (int n = 0; n < FOLLOWED_MAX; n++)
        if (all[n] && all[n]->id == id)
            report_so_far(all[n], now);
}

/* How long to wait for the end of a call. One that is on no list may go on for a while after its
 * thread has moved. */
static uint64_t late_end_ns(const struct followed *one)
{
    bool longer = !one->call.lane && one->call.threshold_ns > LATE_END_NS;
    return longer ? one->call.threshold_ns : LATE_END_NS;
}

/*
 * A call that is no longer on its lane's list has ended. When it was slow, its thread records the
 * end in in_flight_ids.h, perhaps a moment later. Or it is suspended: where coroutines share a
 * thread, one that ends takes the innermost call off the list, not its own. So one that was
 * reported keeps its id for an end that comes at any time; but it is not waited for.
 */
static void end(struct followed *one, uint64_t now)
{
    struct dp_slow_end how;
    if (!one->over) {
        one->over = true;
        one->over_since_ns = now;
    }
    if (dp_in_flight_ended(one->id, &how)) {
        if (is_chosen(one))
            write_all(one, &how, true);
        one->id = 0;
    } else if ((one->reported || !one->call.lane) && now - one->over_since_ns < late_end_ns(one)) {
        return; /* it was slow, or may be: its thread will still record the end */
    } else if (one->reported) {
        if (dp_in_flight_forget(one->id))
            one->id = 0;
    } else if (dp_in_flight_take_back(one->id) || now - one->over_since_ns > LATE_END_NS) {
        one->id = 0; /* it was not slow: nothing is written */
    }
    if (!one->id && one->look.ticket)
        dp_ask_forget(one->look.ticket);
}

/* Reads the clocks from time to time: the closer to the end, the smaller the error. */
static void go_on(struct followed *one, uint64_t now)
{
    uint64_t apart = one->call.threshold_ns / READS_IN_THRESHOLD;
    struct dp_reading reading;
    if (now >= one->next_look_ns)
        look(one, now);
    if (!one->id)
        return; /* its thread has left it */
    if (now - one->last.time_ns >= (apart > LEAST_APART_NS ? apart : LEAST_APART_NS) &&
        read_clocks(one->tid, &reading))
        one->last = reading;
    if (one->reported && now >= one->next_report_ns)
        report_so_far(one, now);
}

uint64_t dp_slow_looks_still_since(uint32_t tid, uint64_t cpu_ns, uint64_t since)
{
    for (int n = 0; n < FOLLOWED_MAX; n++)
        if (all[n] && all[n]->id)
            since = dp_look_still_since(&all[n]->look, tid, cpu_ns, since);
    return since;
}

uint64_t dp_slow_looks_round(uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (int n = 0; n < FOLLOWED_MAX; n++) {
        struct followed *one = all[n];
        if (!one || !one->id)
            continue;
        if (one->over || !is_open(one, now) || dp_in_flight_has_ended(one->id))
            end(one, now);
        else
            go_on(one, now);
        if (one->id && !one->over && one->next_look_ns < next)
            next = one->next_look_ns;
    }
    return next;
}
