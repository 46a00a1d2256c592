/* See unlisted_calls.h. */
#include "unlisted_calls.h"

#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "hot/in_flight_ids.h"
#include "hot/slow_id.h"
#include "log/process_log.h"
#include "sampling/look.h"
#include "sampling/stack_log.h"
#include "sites/config.h"
#include "sites/configure.h"
#include "sites/site_of_code.h"
#include "slow_looks.h"

#define THREADS_MAX 512
#define CALLS_MOST 4      /* of a thread, the innermost */
#define SHARE 200         /* rounds may take 1/SHARE of the time, and so may walks */
#define MOST_CREDIT_NS INT64_C(2000000)
#define LEAST_APART_NS UINT64_C(5000000)
#define MOST_APART_NS UINT64_C(250000000)

struct call {
    uint32_t site;
    bool reported;
    uint64_t id; /* 0: not looked at yet */
    uint64_t threshold_ns;
};

struct thread {
    uint32_t tid, seen_in; /* the last round that found it */
    uint32_t n_calls;
    bool walked; /* its stack, since it stands still; the calls are known */
    uint64_t cpu_ns, since_ns;
    struct call calls[CALLS_MOST]; /* the outermost first */
};

static struct {
    struct thread threads[THREADS_MAX];
    uint32_t tids[THREADS_MAX];
    struct dp_look look;
} *all; /* made at the first need */
static uint32_t used, round_number;
static uint64_t next_ns;    /* no round before */
static uint64_t awaited_ns; /* when a thread that does not move has to be visited again */
static uint64_t credit_at_ns; /* when `credit_ns` was right */
static int64_t credit_ns;     /* the processor time that walks may take now */

void dp_unlisted_calls_init(void)
{
    used = 0;
    next_ns = awaited_ns = credit_at_ns = 0;
    credit_ns = MOST_CREDIT_NS;
}

void dp_unlisted_calls_release(void)
{
    dp_memory_ceiling_unmap_for_good(all, sizeof *all);
    all = NULL;
    used = 0;
}

/* ---- the calls of a thread that stands still ---- */

static const struct dp_site_config *slow_config(uint32_t site, uint64_t start_ns)
{
    const struct dp_site_config *config = site ? dp_site_config_at(site, start_ns) : NULL;
    return config && config->slow_threshold_ns ? config : NULL;
}

static bool is_among(const struct call *calls, uint32_t n, uint32_t site)
{
    for (uint32_t i = 0; i < n; i++)
        if (calls[i].site == site)
            return true;
    return false;
}

/* Of a recursive function the innermost call, which is the first to end. */
static void find_calls(struct thread *thread, const struct dp_frames *stack)
{
    struct call inner[CALLS_MOST];
    uint32_t n = 0;
    for (uint32_t i = 0; i < stack->n && n < CALLS_MOST; i++) {
        uint32_t site = dp_site_of_code(stack->pcs[i]);
        const struct dp_site_config *config = slow_config(site, thread->since_ns);
        if (config && !is_among(inner, n, site))
            inner[n++] = (struct call){.site = site, .threshold_ns = config->slow_threshold_ns};
    }
    for (thread->n_calls = 0; n > 0;)
        thread->calls[thread->n_calls++] = inner[--n];
}

static void earn_credit(uint64_t now)
{
    credit_ns += credit_at_ns ? (int64_t)((now - credit_at_ns) / SHARE) : 0;
    credit_ns = credit_ns < MOST_CREDIT_NS ? credit_ns : MOST_CREDIT_NS;
    credit_at_ns = now;
}

/* Only a thread that waits: one that gets no processor is not asked by a signal. */
static void walk(struct thread *thread)
{
    struct dp_look *look = &all->look;
    if (dp_thread_letter(thread->tid) == 'R')
        return;
    look->tid = 0;
    if (!dp_look_at(thread->tid, look))
        return;
    dp_look_finish(look);
    if (look->state != DP_THREAD_BLOCKED || look->flags || look->cpu_ns != thread->cpu_ns)
        return;
    find_calls(thread, &look->stack);
    thread->walked = true;
}

static void follow(const struct thread *thread, struct call *call, uint64_t now)
{
    const struct dp_site_config *config = slow_config(call->site, thread->since_ns);
    if (!config)
        return;
    const struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_IF_SLOW];
    const struct dp_watched watched = {
        .i = (uint64_t)thread->tid << 32 | call->site,
        .due = thread->since_ns,
        .site = call->site,
        .tid = thread->tid,
        .cpu_ns = thread->cpu_ns,
        .start_ns = thread->since_ns,
        .threshold_ns = call->threshold_ns,
        .event_chance = probe->event ? probe->event_chance : 0,
    };
    call->id = dp_slow_looks_follow(&watched, now);
}

static void report(const struct thread *thread, struct call *call, uint64_t now)
{
    const struct dp_site_config *config = slow_config(call->site, thread->since_ns);
    call->reported = true;
    if (!config || !dp_in_flight_report(call->id))
        return;
    const struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_IF_SLOW];
    struct dp_event_slow_operation event = {
        .site = call->site,
        .tid = thread->tid,
        .id = call->id,
        .flags = DP_SLOW_IN_FLIGHT | DP_SLOW_AT_LEAST,
        .duration_ns = now - thread->since_ns,
        .threshold_ns = call->threshold_ns,
    };
    if (probe->event && dp_slow_chosen(event.id, probe->event_chance))
        dp_log_event(DP_EVENT_ID_slow_operation, &event, sizeof event);
    dp_slow_looks_report(call->id, now);
}

static void await(uint64_t time_ns)
{
    awaited_ns = time_ns < awaited_ns ? time_ns : awaited_ns;
}

static void watch(struct thread *thread, uint64_t now)
{
    uint64_t age = now - thread->since_ns;
    for (uint32_t i = 0; i < thread->n_calls; i++) {
        struct call *call = &thread->calls[i];
        uint64_t look_from_ns = dp_slow_look_from_ns(call->threshold_ns);
        if (!call->id && age >= look_from_ns)
            follow(thread, call, now);
        if (call->id && !call->reported && age >= call->threshold_ns)
            report(thread, call, now);
        if (age < call->threshold_ns)
            await(thread->since_ns + (call->id ? call->threshold_ns : look_from_ns));
    }
}

/* ---- the threads ---- */

static struct thread *place_of(uint32_t tid)
{
    struct thread *free_one = NULL;
    for (uint32_t i = 0; i < used; i++) {
        struct thread *thread = &all->threads[i];
        if (thread->tid == tid)
            return thread;
        if (!thread->tid && !free_one)
            free_one = thread;
    }
    if (!free_one && used < THREADS_MAX)
        free_one = &all->threads[used++];
    if (free_one)
        *free_one = (struct thread){.tid = tid};
    return free_one;
}

/* `now` is read before the processor time: the thread has stood still since then at the latest. */
static void visit(uint32_t tid, uint64_t shortest_ns)
{
    uint64_t cpu_ns, now = dp_now_ns();
    struct thread *thread = place_of(tid);
    if (!thread || dp_os_cpu_ns_of(tid, &cpu_ns) != 0)
        return;
    thread->seen_in = round_number;
    if (!thread->since_ns || thread->cpu_ns != cpu_ns) {
        *thread = (struct thread){
            .tid = tid, .seen_in = round_number, .cpu_ns = cpu_ns, .since_ns = dp_now_ns()};
        await(now);
        return;
    }
    if (!thread->walked && credit_ns > 0 &&
        now - thread->since_ns >= dp_slow_look_from_ns(shortest_ns)) {
        dp_modules_log(); /* not earlier: the first time it takes long, and the tick is late */
        uint64_t began_ns = dp_os_thread_cpu_ns();
        walk(thread);
        credit_ns -= (int64_t)(dp_os_thread_cpu_ns() - began_ns);
    }
    if (!thread->walked && now - thread->since_ns < shortest_ns)
        await(now);
    watch(thread, now);
}

static void forget_ended(void)
{
    for (uint32_t i = 0; i < used; i++)
        if (all->threads[i].seen_in != round_number)
            all->threads[i].tid = 0;
    while (used && !all->threads[used - 1].tid)
        used--;
}

/* Begins with another thread each time: there may be no credit for all. */
static void visit_all(uint32_t count, uint32_t self, uint64_t shortest_ns)
{
    round_number++;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t tid = all->tids[(i + round_number) % count];
        if (tid != self)
            visit(tid, shortest_ns);
    }
    forget_ended();
}

static bool has_memory(void)
{
    if (!all)
        all = dp_memory_ceiling_map_for_good(sizeof *all);
    return all;
}

uint64_t dp_unlisted_calls_round(uint64_t now)
{
    uint64_t shortest_ns = dp_configure_shortest_unlisted_ns();
    uint32_t count, self = dp_os_tid();
    if (shortest_ns == UINT64_MAX)
        return UINT64_MAX;
    if (now < next_ns)
        return awaited_ns > next_ns ? awaited_ns : next_ns;
    uint64_t apart = dp_slow_look_from_ns(shortest_ns);
    apart = apart > LEAST_APART_NS ? apart : LEAST_APART_NS;
    next_ns = now + (apart < MOST_APART_NS ? apart : MOST_APART_NS);
    awaited_ns = next_ns;
    if (!has_memory() || dp_os_list_threads(all->tids, THREADS_MAX, &count) != 0)
        return next_ns;
    awaited_ns = UINT64_MAX;
    earn_credit(now);
    int64_t before_ns = credit_ns, walks_ns;
    uint64_t began_ns = dp_os_thread_cpu_ns();
    visit_all(count, self, shortest_ns);
    walks_ns = before_ns - credit_ns;
    uint64_t rest_ns = (dp_os_thread_cpu_ns() - began_ns - (uint64_t)walks_ns) * SHARE;
    next_ns = next_ns > now + rest_ns ? next_ns : now + rest_ns;
    return awaited_ns > next_ns ? awaited_ns : next_ns;
}
