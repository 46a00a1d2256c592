/* See steward.h. */
#include "steward.h"

#include <errno.h>
#include <string.h>

#include "host/bus.h"
#include "base/clock.h"
#include "sites/decide.h"
#include "hot/enter.h"
#include "thread/lane.h"
#include "load.h"
#include "base/os.h"
#include "base/peek.h"
#include "log/prepare.h"
#include "process.h"
#include "log/process_log.h"
#include "base/settings.h"
#include "sink.h"
#include "sites/sites.h"
#include "log/stream.h"
#include "hot/told.h"

#include <sys/prctl.h>

#define TICKS_KEPT 4096 /* power of two */
#define LATE_PERIODS 8
#define SECOND_NS UINT64_C(1000000000)
#define WATCH_NS UINT64_C(20000000)  /* calls in flight are looked at this often at least */
#define WATCH_LANE_NS 10000          /* apart for each lane: not much of a core's time */
#define SINK_NS UINT64_C(50000000)
#define REST_NS UINT64_C(100000000)
#define CLOCK_TRIPLE_NS (10 * SECOND_NS)

_Alignas(64) volatile uint64_t deep_profile_tick;
_Alignas(64) volatile uint64_t deep_profile_entry_tick;
uint64_t dp_first_tick;

static _Atomic bool stopping;
static _Atomic uint64_t ticks[TICKS_KEPT]; /* by number */
static _Atomic uint64_t n_ticks;
static _Atomic uint64_t longest_gap_ns;

struct reported { /* slow calls in flight that were told already, of one lane */
    uint64_t due[DP_OPEN_MAX];
};
static uint64_t next_overhead;
static struct reported *reported; /* DP_MAX_LANES */
static uint64_t in_flight_told;   /* counts down, for other ids than calls have at their end */

static void advance_tick(uint64_t now, uint64_t period)
{
    uint64_t before = deep_profile_tick;
    uint64_t number = atomic_load_explicit(&n_ticks, memory_order_relaxed);
    if (now <= before)
        now = before + 1; /* every tick differs: see dp_tick_gap_after */
    atomic_store_explicit(&ticks[number % TICKS_KEPT], now, memory_order_relaxed);
    atomic_store_explicit(&n_ticks, number + 1, memory_order_release);
    dp_poke(&deep_profile_tick, now);
    dp_poke(&deep_profile_entry_tick, now);
    dp_process_state()->heartbeat_ns = now;
    if (!before)
        return;
    uint64_t gap = now - before;
    if (gap > atomic_load_explicit(&longest_gap_ns, memory_order_relaxed))
        atomic_store_explicit(&longest_gap_ns, gap, memory_order_relaxed);
    if (gap > LATE_PERIODS * period)
        dp_process_lost(DP_LOSS_TICK_LATE, gap - period);
}

/* Called by any thread, at a slow exit: binary search in the kept ticks. */
uint64_t dp_tick_gap_after(void *a, uintptr_t t0, uintptr_t c)
{
    (void)a;
    (void)c;
    uint64_t end = atomic_load_explicit(&n_ticks, memory_order_acquire);
    uint64_t start = end > TICKS_KEPT - 64 ? end - (TICKS_KEPT - 64) : 0;
    uint64_t low = start, high = end;
    while (low < high) { /* the first tick above t0 */
        uint64_t middle = low + (high - low) / 2;
        if (atomic_load_explicit(&ticks[middle % TICKS_KEPT], memory_order_relaxed) > t0)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > start && low < end)
        return atomic_load_explicit(&ticks[low % TICKS_KEPT], memory_order_relaxed) - t0;
    return atomic_load_explicit(&longest_gap_ns, memory_order_relaxed);
}

/* For the shortest threshold in force. */
static uint64_t period_now(void)
{
    return dp_tick_period_for(dp_decide_shortest_slow_ns(), dp_setting_value(DP_SETTING_TICK));
}

static void report_in_flight(struct dp_lane *lane, uint32_t index, uint64_t due,
                             uint64_t duration_ns, uint64_t gap, uint64_t id)
{
    const struct dp_site_state *site = &dp_sites[index];
    bool exact = due & DP_DUE_OPENED;
    struct dp_event_slow_operation event = {
        .site = index,
        .tid = dp_peek_32(&lane->stream.tid), /* that in the state may be cut off */
        .id = id,
        .flags = DP_SLOW_IN_FLIGHT | (exact ? DP_SLOW_EXACT : 0),
        .duration_ns = duration_ns,
        .threshold_ns = site->slow_threshold_ns,
        .duration_error_ns = exact ? 0 : gap / 2 + 1,
    };
    const struct dp_probe *probe = &site->probes[DP_ATTRIBUTE_IF_SLOW];
    if (probe->event && dp_slow_chosen(event.id, probe->event_chance))
        dp_log_event(DP_EVENT_ID_slow_operation, &event, sizeof event);
}

/* A frame that has ended has another start (DP_FRAME_ENDED). */
static bool has_frame(const struct dp_lane_state *state, uint32_t index, uint64_t start_ns)
{
    uint64_t depth = dp_peek(&state->frames_top);
    for (uint64_t i = 0; i < depth && i < DP_LANE_FRAMES; i++)
        if (dp_peek(&state->frames[i].start_ns) == start_ns &&
            dp_peek_32(&state->frames[i].site) == index)
            return true;
    return false;
}

/*
 * A coroutine's call that ends on another thread stays on the list of the first. Of calls
 * that were opened the frames say that they have ended. Of the others nothing does, and
 * where they are known to migrate better none is told of than one that is over.
 */
static bool may_be_in_flight(const struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    if (due & DP_DUE_OPENED)
        return has_frame(lane->state, index, dp_due_start(due, now));
    return !atomic_load_explicit(&dp_sites[index].migrates, memory_order_relaxed);
}

static void watch_open_call(struct dp_lane *lane, uint64_t i, uint64_t now)
{
    struct dp_open_calls *open = &lane->state->open;
    struct dp_open_call *call = &open->calls[i % DP_OPEN_MAX];
    uint64_t due = dp_peek(&call->due);
    uint32_t index = dp_peek_32(&call->site);
    if (index == 0 || index > dp_n_sites)
        return;
    const struct dp_site_state *site = &dp_sites[index];
    uint64_t start = due & DP_DUE_OPENED ? dp_due_start(due, now) : due - site->slow_after;
    uint64_t *told = &reported[lane->index].due[i % DP_OPEN_MAX];
    if (!site->slow_threshold_ns || *told == due || start >= now ||
        now - start < site->slow_threshold_ns + period_now())
        return;
    if (!may_be_in_flight(lane, index, due, now))
        return;
    /* As at its end (finish.c): a call that is told of now is told of then, too. */
    uint64_t gap = due & DP_DUE_OPENED ? 0 : dp_tick_gap_after(NULL, start, 0);
    uint64_t duration_ns = now - start - gap / 2;
    if (gap / 2 > now - start || duration_ns < site->slow_threshold_ns)
        return;
    /* The owner changes these words while we read: the entry counts only when
     * it is still there, and the same; or when its end says that it was told of. */
    uint64_t id = dp_slow_id(lane->index, index, due, --in_flight_told);
    dp_told_add(index, due, id);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with dp_told_take */
    if ((dp_peek(&open->top) <= i || dp_peek(&call->due) != due) && dp_told_take_back(id))
        return;
    *told = due;
    report_in_flight(lane, index, due, duration_ns, gap, id);
}

/*
 * Where calls were DP_OPEN_MAX deeper before than now, the entries of the outermost
 * still hold what was deepest and has ended. It shows, since calls stand in order of
 * time: it began after those that are above it. The first entry that can be believed.
 */
static uint64_t outermost_kept(const struct dp_open_calls *open, uint64_t top)
{
    uint64_t i = top, start_above = UINT64_MAX;
    for (; i > 0 && top - i < DP_OPEN_MAX; i--) {
        const struct dp_open_call *call = &open->calls[(i - 1) % DP_OPEN_MAX];
        uint64_t due = dp_peek(&call->due);
        uint32_t index = dp_peek_32(&call->site);
        if (due & DP_DUE_OPENED || index == 0 || index > dp_n_sites)
            continue; /* the frames know of those that were opened */
        uint64_t start = due - dp_sites[index].slow_after;
        if (start > start_above)
            break;
        start_above = start;
    }
    return i;
}

static void watch_open_calls(struct dp_lane *lane, uint64_t now)
{
    uint64_t top = dp_peek(&lane->state->open.top);
    for (uint64_t i = outermost_kept(&lane->state->open, top); i < top; i++)
        watch_open_call(lane, i, now);
}

static void peek_memory(struct dp_memory_counts *to, const struct dp_memory_counts *from)
{
    to->allocated_bytes = dp_peek(&from->allocated_bytes);
    to->freed_bytes = dp_peek(&from->freed_bytes);
    to->allocations = dp_peek(&from->allocations);
    to->frees = dp_peek(&from->frees);
    to->live_bytes = (int64_t)dp_peek((const uint64_t *)&from->live_bytes);
    to->peak_bytes = (int64_t)dp_peek((const uint64_t *)&from->peak_bytes);
}

/* duration=: memory is counted to here, whenever the call ends. */
static void watch_caps(struct dp_lane *lane, uint64_t now)
{
    uint64_t depth = dp_peek(&lane->state->frames_top);
    for (uint64_t i = 0; i < depth && i < DP_LANE_FRAMES; i++) {
        const struct dp_lane_frame *frame = &lane->state->frames[i];
        struct dp_memory_frame *memory = &lane->memory_frames[i];
        const struct dp_site_state *site = &dp_sites[dp_peek_32(&frame->site) % DP_MAX_SITES];
        uint64_t cap = site->probes[DP_ATTRIBUTE_PROFILE].duration_ns;
        uint64_t start_ns = dp_peek(&frame->start_ns);
        if (!cap || !(dp_peek_32(&frame->kinds) & site->memory & DP_KIND(PROFILE)) ||
            atomic_load_explicit(&memory->capped_ns, memory_order_relaxed) == start_ns ||
            now < start_ns + cap)
            continue;
        peek_memory(&memory->at_cap, &lane->memory);
        /* pairs with end_memory */
        atomic_store_explicit(&memory->capped_ns, start_ns, memory_order_release);
    }
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

static void watch_lanes(uint64_t now)
{
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane *lane = dp_lane_at(i);
        if (!dp_lane_state_of(lane) || !dp_lane_is_owned(lane))
            continue;
        watch_open_calls(lane, now);
        watch_caps(lane, now);
    }
}

/* For the shortest threshold in force. */
static uint64_t watch_ns(void)
{
    uint64_t wanted = dp_decide_shortest_slow_ns() / 8;
    uint64_t least = (uint64_t)dp_lanes_count() * WATCH_LANE_NS;
    wanted = wanted > least ? wanted : least;
    return wanted < WATCH_NS ? wanted : WATCH_NS;
}

/* DEEP_PROFILE_CALLS_PERIOD. What finds no room is told when its thread ends. */
static void report_calls(void)
{
    uint32_t count = dp_lanes_count(), last = dp_decide_counted();
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane *lane = dp_lane_at(i);
        const struct dp_lane_state *state = dp_lane_state_of(lane);
        for (uint32_t slot = 1; state && slot <= last; slot++) {
            struct dp_event_calls event = {.site = dp_lane_counted_site(slot),
                                           .tid = dp_peek_32(&lane->stream.tid)};
            event.calls = event.site ? dp_lane_claim_calls(lane, slot) : 0;
            if (event.calls && !dp_log_event_if_room(DP_EVENT_ID_calls, &event, sizeof event)) {
                dp_lane_unclaim_calls(lane, slot, event.calls);
                return;
            }
        }
    }
}

/* One duty that is due every `period_ns`. */
static bool due(uint64_t *next, uint64_t now, uint64_t period_ns)
{
    if (now < *next)
        return false;
    *next = now + period_ns;
    return true;
}

/* A program that runs for weeks: what is told again and again is told ever more
 * rarely, 64 times until the process is e times as old. */
static uint64_t apart_ns(uint64_t now, uint64_t least_ns)
{
    uint64_t age = now - dp_process_start_ns;
    return age / 64 > least_ns ? age / 64 : least_ns;
}

static void keep_books(uint64_t now, bool last)
{
    struct dp_process_state *process = dp_process_state();
    struct dp_lane_sums sums = {0};
    uint32_t count = dp_lanes_count();
    dp_process_lost(DP_LOSS_NO_SPACE, dp_bus_take_losses());
    process->lost[DP_LOSS_OVERWRITTEN] = dp_streams_overwritten();
    for (uint32_t reason = 0; reason < DP_LOSS_COUNT; reason++)
        sums.lost[reason] = __atomic_load_n(&process->lost[reason], __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < count; i++)
        dp_lane_add_sums(dp_lane_at(i), &sums);
    dp_process_mend_log();
    process->steward_cpu_ns = dp_os_thread_cpu_ns();
    process->log_bytes = dp_streams_bytes();
    struct dp_event_overhead event = {
        .steward_cpu_ns = process->steward_cpu_ns,
        .slow_paths = sums.slow_paths,
        .slow_path_ns = dp_process_facts()->slow_path_ns,
        .process_cpu_ns = dp_os_process_cpu_ns(),
        .log_bytes = process->log_bytes,
    };
    if (last || due(&next_overhead, now, apart_ns(now, SECOND_NS)))
        dp_log_event(DP_EVENT_ID_overhead, &event, sizeof event);
    dp_log_losses(sums.lost, last ? UINT64_MAX / 2 : now, apart_ns(now, SECOND_NS));
}

static void log_clock_triple(void)
{
    struct dp_event_clock event = {
        .tsc = dp_arch_tsc(),
        .monotonic_ns = dp_os_monotonic_ns(),
        .realtime_ns = dp_os_realtime_ns(),
    };
    dp_log_event(DP_EVENT_ID_clock, &event, sizeof event);
}

static void *run(void *unused)
{
    uint64_t next_watch = 0, next_load = 0, next_second = 0, next_sink = 0, next_triple = 0;
    uint64_t next_rest = 0;
    uint64_t calls_period = dp_setting_value(DP_SETTING_CALLS_PERIOD);
    uint64_t next_calls = dp_now_ns() + calls_period;
    (void)unused;
    prctl(PR_SET_NAME, "deep-profile", 0, 0, 0);
    while (!atomic_load_explicit(&stopping, memory_order_acquire)) {
        uint64_t now = dp_now_ns();
        uint64_t period = period_now();
        advance_tick(now, period);
        prepare_lanes();
        if (due(&next_watch, now, watch_ns()))
            watch_lanes(now);
        if (due(&next_load, now, dp_setting_value(DP_SETTING_LOAD_PERIOD)))
            dp_load_check();
        if (due(&next_sink, now, SINK_NS) && dp_sink_feed())
            next_sink = 0; /* it has more: again after the next tick */
        if (due(&next_rest, now, REST_NS))
            dp_lanes_rest(now);
        if (due(&next_triple, now, apart_ns(now, CLOCK_TRIPLE_NS)))
            log_clock_triple();
        if (calls_period && due(&next_calls, now, calls_period))
            report_calls();
        if (due(&next_second, now, SECOND_NS)) {
            dp_clock_adjust();
            dp_lanes_reclaim();
            dp_bus_guard_again();
            keep_books(now, false);
        }
        dp_os_sleep_until(dp_os_monotonic_ns() + period);
    }
    watch_lanes(dp_now_ns());
    keep_books(dp_now_ns(), true);
    log_clock_triple();
    return NULL;
}

int dp_steward_start(void)
{
    if (!reported)
        reported = dp_os_map_memory(DP_MAX_LANES * sizeof *reported);
    if (!reported)
        return -ENOMEM;
    atomic_store_explicit(&stopping, false, memory_order_relaxed);
    dp_told_reset();
    next_overhead = 0;
    dp_os_expect_races(&deep_profile_tick, sizeof deep_profile_tick);
    dp_os_expect_races(&deep_profile_entry_tick, sizeof deep_profile_entry_tick);
    advance_tick(dp_now_ns(), UINT64_MAX / LATE_PERIODS);
    dp_first_tick = deep_profile_tick;
    atomic_store_explicit(&longest_gap_ns, 0, memory_order_relaxed); /* a child's idle youth */
    return dp_os_thread_start(run);
}

void dp_steward_stop(void)
{
    atomic_store_explicit(&stopping, true, memory_order_release);
    dp_os_thread_join();
}
