/* See snapshot.h. */
#include "snapshot.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "log/process_log.h"
#include "open_calls.h"
#include "sampled_looks.h"
#include "sampling/look.h"
#include "sampling/stack_log.h"
#include "sampling/stacks_signal.h"
#include "sampling/thread_files.h"
#include "slow_looks.h"
#include "thread/lane.h"

#define THREADS_MAX 16384
#define SLICE_NS UINT64_C(500000)
#define AWAITED_MAX 32                      /* threads that have not answered yet */
#define ANSWER_NS UINT64_C(2000000000)      /* the longest wait for one thread */
#define ALL_ANSWER_NS UINT64_C(10000000000) /* and for all of them together */
#define CALLS_MAX 64

struct snapshot {
    uint32_t number; /* 0: none is under way */
    uint32_t flags;  /* DP_SNAPSHOT_* */
    uint32_t n, next;
    uint32_t written;
    uint64_t begun_ns;
    struct dp_look awaited[AWAITED_MAX + 1]; /* tid 0: free; the last one: whoever is looked at */
    uint32_t tids[THREADS_MAX];
};

static struct snapshot *at; /* made at the first need, kept by a forked child */

void dp_snapshot_init(void)
{
    if (at)
        memset(at, 0, offsetof(struct snapshot, tids));
}

static bool has_room(void)
{
    if (!at)
        at = dp_memory_ceiling_map_for_good(sizeof *at);
    return at;
}

static const struct dp_lane *lane_of(uint32_t tid)
{
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++) {
        const struct dp_lane *lane = dp_lane_at(i);
        if (dp_lane_is_owned(lane) && dp_peek_32(&lane->stream.tid) == tid)
            return lane;
    }
    return NULL;
}

/* The fields that vary in length. */
struct tail {
    char *end;
    char bytes[CALLS_MAX * 3 * sizeof(uint64_t) + 3 * 16 + sizeof((struct dp_wait *)0)->object];
};

static void put(struct tail *tail, const void *bytes, size_t n)
{
    memcpy(tail->end, bytes, n);
    tail->end += n;
}

static void put_calls(struct tail *tail, struct dp_event_thread *event, uint64_t now)
{
    struct dp_open_seen calls[CALLS_MAX];
    const struct dp_lane *lane = lane_of(event->tid);
    uint32_t more = 0;
    uint32_t n = lane ? dp_open_calls_seen(lane, now, calls, CALLS_MAX, &more) : 0;
    uint64_t column[3][CALLS_MAX];
    for (uint32_t i = 0; i < n; i++) {
        uint64_t width = calls[i].latest_ns - calls[i].start_ns;
        uint64_t start = calls[i].start_ns + width / 2;
        column[0][i] = calls[i].site;
        column[1][i] = now > start ? now - start : 0;
        column[2][i] = width ? width / 2 + 1 : 0;
    }
    event->n_calls = n;
    event->more_calls = more;
    for (int i = 0; i < 3; i++)
        put(tail, column[i], n * sizeof **column);
}

static uint64_t waits_ns(const struct dp_look *look, uint64_t now)
{
    uint64_t since = look->since_ns;
    if (look->state != DP_THREAD_BLOCKED)
        return 0;
    since = dp_slow_looks_still_since(look->tid, look->cpu_ns, since);
    since = dp_sampled_looks_still_since(look->tid, look->cpu_ns, since);
    return now > since ? now - since : 0;
}

static void write_thread(struct dp_look *look)
{
    struct {
        struct dp_event_thread event;
        char tail[sizeof((struct tail *)0)->bytes];
    } __attribute__((packed)) record;
    struct tail tail;
    char name[16];
    uint64_t now = dp_now_ns();
    struct dp_event_thread event = {.snapshot = at->number,
                                    .tid = look->tid,
                                    .state = look->state,
                                    .flags = look->flags,
                                    .cpu_ns = look->cpu_ns,
                                    .waits_ns = waits_ns(look, now),
                                    .syscall = look->wait.syscall,
                                    .holder_tid = look->wait.holder_tid};
    dp_thread_name(look->tid, name);
    event.stack = dp_stack_log(&look->stack);
    event.holder_stack = dp_stack_log(&look->holder_stack);
    if (look->stack.n && !event.stack)
        event.flags |= DP_SAMPLE_NO_ROOM;
    tail.end = tail.bytes;
    put_calls(&tail, &event, now);
    put(&tail, name, strlen(name) + 1);
    put(&tail, look->wait.object, strlen(look->wait.object) + 1);
    put(&tail, look->wait.holder, strlen(look->wait.holder) + 1);
    record.event = event;
    size_t bytes = (size_t)(tail.end - tail.bytes);
    memcpy(record.tail, tail.bytes, bytes);
    dp_log_event(DP_EVENT_ID_thread, &record, sizeof record.event + bytes);
    at->written++;
}

/* Writes the threads that have answered, and those that have not answered in time. True: there is
 * room to ask another one. */
static bool take_answers(uint64_t now)
{
    bool room = false, over = now - at->begun_ns > ALL_ANSWER_NS;
    for (int i = 0; i < AWAITED_MAX; i++) {
        struct dp_look *look = &at->awaited[i];
        if (look->tid && (dp_look_answered(look) || over || now - look->time_ns > ANSWER_NS)) {
            dp_look_finish(look);
            write_thread(look);
            look->tid = 0;
        }
        room |= !look->tid;
    }
    return room;
}

static bool is_awaited(void)
{
    for (int i = 0; i < AWAITED_MAX; i++)
        if (at->awaited[i].tid)
            return true;
    return false;
}

static void look_at(uint32_t tid)
{
    struct dp_look *look = &at->awaited[AWAITED_MAX];
    memset(look, 0, offsetof(struct dp_look, wait));
    if (!dp_look_at(tid, look))
        return; /* it has ended */
    for (int i = 0; look->ticket && i < AWAITED_MAX; i++) {
        if (!at->awaited[i].tid) {
            memcpy(&at->awaited[i], look, sizeof *look);
            return;
        }
    }
    dp_look_finish(look);
    write_thread(look);
}

/* Without /proc, the threads that have a lane. */
static void list_lanes(void)
{
    uint32_t count = dp_lanes_count();
    at->n = 0;
    for (uint32_t i = 0; i < count && at->n < THREADS_MAX; i++)
        if (dp_lane_is_owned(dp_lane_at(i)))
            at->tids[at->n++] = dp_peek_32(&dp_lane_at(i)->stream.tid);
}

static void begin(uint32_t number, uint32_t flags, uint64_t now)
{
    at->number = number;
    at->flags = flags;
    at->next = at->written = 0;
    at->begun_ns = now;
    if (dp_os_list_threads(at->tids, THREADS_MAX, &at->n) != 0)
        list_lanes();
    if (at->n == THREADS_MAX)
        at->flags |= DP_SNAPSHOT_CUT;
}

static void end(uint64_t now)
{
    const struct dp_event_snapshot event = {.snapshot = at->number,
                                            .flags = at->flags,
                                            .threads = at->written,
                                            .took_ns = now - at->begun_ns};
    dp_log_event(DP_EVENT_ID_snapshot, &event, sizeof event);
    /* Pairs with the reader's load: the records are in the log. */
    __atomic_store_n(&dp_process_state()->snapshot_done, at->number, __ATOMIC_RELEASE);
    at->number = 0;
}

/* The number of the snapshot that somebody asks for; 0: nobody does. */
static uint32_t wanted(uint64_t now, uint32_t *flags)
{
    struct dp_process_state *process = dp_process_state();
    uint32_t number = __atomic_load_n(&process->snapshot_wanted, __ATOMIC_RELAXED);
    bool by_signal = dp_stacks_signal_came(now);
    *flags = by_signal ? DP_SNAPSHOT_BY_SIGNAL : 0;
    if (number == process->snapshot_done && !by_signal)
        return 0;
    if (number == process->snapshot_done)
        __atomic_store_n(&process->snapshot_wanted, ++number, __ATOMIC_RELAXED);
    return number;
}

bool dp_snapshot_round(uint64_t now)
{
    uint64_t until = now + SLICE_NS;
    uint32_t self = dp_os_tid();
    if (!at || !at->number) {
        uint32_t flags, number = wanted(now, &flags);
        if (!number)
            return false;
        if (!has_room()) {
            dp_process_state()->snapshot_done = number;
            dp_process_lost(DP_LOSS_STACKS, 1);
            return false;
        }
        begin(number, flags, now);
        dp_modules_log();
    }
    while (take_answers(dp_now_ns()) && at->next < at->n && dp_now_ns() < until) {
        uint32_t tid = at->tids[at->next++];
        if (tid != self)
            look_at(tid);
    }
    if (at->next == at->n && !is_awaited())
        end(dp_now_ns());
    return at->number;
}

void dp_snapshot_finish(void)
{
    for (int i = 0; at && at->number && i < AWAITED_MAX; i++)
        if (at->awaited[i].tid)
            dp_look_finish(&at->awaited[i]);
    if (at)
        at->number = 0;
}
