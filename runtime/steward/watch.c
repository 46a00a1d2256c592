/* See watch.h. The watched threads change what is read here at any time. Each word is read
 * whole (base/peek.h); what several words say together is checked. */
#include "watch.h"

#include <errno.h>

#include "base/due.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/tick.h"
#include "hot/in_flight_ids.h"
#include "hot/slow_id.h"
#include "log/process_log.h"
#include "sites/configure.h"
#include "sites/sites.h"
#include "thread/lane.h"

#define LONGEST_INTERVAL_NS UINT64_C(20000000)
#define LANE_NS 10000 /* per lane, added to the interval: a small share of a core's time */

/* The slow calls of one lane that were reported in flight, by their place on the lane's
 * list. */
struct reported {
    uint64_t due[DP_OPEN_MAX];
};
static struct reported *reported; /* DP_MAX_LANES */
/* Counts down, so that these ids differ from those that calls get at their end, where the
 * number counts up. */
static uint64_t last_number;

int dp_watch_init(void)
{
    if (!reported)
        reported = dp_os_map_memory(DP_MAX_LANES * sizeof *reported);
    dp_in_flight_reset();
    return reported ? 0 : -ENOMEM;
}

void dp_watch_release(void)
{
    dp_os_unmap(reported, DP_MAX_LANES * sizeof *reported);
    reported = NULL;
}

static void report_in_flight(struct dp_lane *lane, uint32_t index,
                             const struct dp_site_config *config, uint64_t duration_ns,
                             uint64_t error_ns, uint64_t id)
{
    struct dp_event_slow_operation event = {
        .site = index,
        .tid = dp_peek_32(&lane->stream.tid), /* not the state's tid: that may be cut off */
        .id = id,
        .flags = DP_SLOW_IN_FLIGHT | (error_ns ? 0 : DP_SLOW_EXACT),
        .duration_ns = duration_ns,
        .threshold_ns = config->slow_threshold_ns,
        .duration_error_ns = error_ns,
    };
    const struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_IF_SLOW];
    if (probe->event && dp_slow_chosen(event.id, probe->event_chance))
        dp_log_event(DP_EVENT_ID_slow_operation, &event, sizeof event);
}

/* The frame of a call that has ended has another start (DP_FRAME_ENDED). */
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
 * A coroutine's call that ends on another thread stays on the list of the first thread. If
 * the call was opened, its frame shows that it has ended. For other calls nothing does. So
 * where a site's calls are known to migrate, prefer missing a report to reporting a call
 * that has ended.
 */
static bool may_be_in_flight(const struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    if (due & DP_DUE_OPENED)
        return has_frame(lane->state, index, dp_due_start(due, now));
    return !atomic_load_explicit(&dp_sites[index].migrates, memory_order_relaxed);
}

static bool was_tick(uint64_t tick)
{
    return dp_tick_was(NULL, tick, 0);
}

/* The configuration under which a call on the list of open calls began, and its start; NULL
 * if that cannot be known. */
static const struct dp_site_config *begun_under(uint32_t index, uint64_t due, uint64_t now,
                                                uint64_t *start)
{
    const struct dp_site_config *config;
    if (due & DP_DUE_OPENED) {
        *start = dp_due_start(due, now);
        return dp_site_config_at(index, *start);
    }
    config = dp_site_config_of_due(index, due, was_tick);
    *start = config ? due - config->slow_after : 0;
    return config;
}

static void watch_open_call(struct dp_lane *lane, uint64_t i, uint64_t now, uint64_t tick_period)
{
    struct dp_open_calls *open = &lane->state->open;
    struct dp_open_call *call = &open->calls[i % DP_OPEN_MAX];
    uint64_t due = dp_peek(&call->due);
    uint32_t index = dp_peek_32(&call->site);
    if (index == 0 || index > dp_sites_count())
        return;
    uint64_t start, *before = &reported[lane->index].due[i % DP_OPEN_MAX];
    if (*before == due)
        return;
    const struct dp_site_config *config = begun_under(index, due, now, &start);
    if (!config || !config->slow_threshold_ns || start >= now ||
        now - start < config->slow_threshold_ns + tick_period)
        return;
    if (!may_be_in_flight(lane, index, due, now))
        return;
    /* Judged as finish.c judges it at its end, so that a call reported now is also reported
     * then. */
    uint64_t latest = due & DP_DUE_OPENED ? dp_tick_latest_of_exact(NULL, start, now)
                                          : dp_tick_latest_start(NULL, start, now);
    uint64_t width = latest - start;
    if (now - latest < config->slow_threshold_ns)
        return;
    /* The owner changes these words while we read. Report the call only if it is still on
     * the list, unchanged; or if it has ended meanwhile and has used our id. */
    uint64_t id = dp_slow_id(lane->index, index, due, --last_number);
    dp_in_flight_add(index, due, id);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the fence in dp_in_flight_take */
    if ((dp_peek(&open->top) <= i || dp_peek(&call->due) != due) && dp_in_flight_take_back(id))
        return;
    *before = due;
    report_in_flight(lane, index, config, now - start - width / 2,
                     width ? width / 2 + 1 : 0, id);
}

/*
 * The first entry of the list that is valid. If the list was more than DP_OPEN_MAX deeper
 * before than now, deeper calls, which have ended, have overwritten the entries of the
 * outermost ones. Those entries show: calls are listed in order of time, and overwritten
 * entries began after the ones above them.
 */
static uint64_t outermost_kept(const struct dp_open_calls *open, uint64_t top, uint64_t now)
{
    uint64_t i = top, start_above = UINT64_MAX;
    for (; i > 0 && top - i < DP_OPEN_MAX; i--) {
        const struct dp_open_call *call = &open->calls[(i - 1) % DP_OPEN_MAX];
        uint64_t due = dp_peek(&call->due);
        uint32_t index = dp_peek_32(&call->site);
        if (due & DP_DUE_OPENED || index == 0 || index > dp_sites_count())
            continue; /* opened calls are checked by their frames */
        uint64_t start;
        if (!begun_under(index, due, now, &start))
            continue;
        if (start > start_above)
            break;
        start_above = start;
    }
    return i;
}

static void watch_open_calls(struct dp_lane *lane, uint64_t now, uint64_t tick_period)
{
    uint64_t top = dp_peek(&lane->state->open.top);
    for (uint64_t i = outermost_kept(&lane->state->open, top, now); i < top; i++)
        watch_open_call(lane, i, now, tick_period);
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

/* duration=: the call's memory is counted up to now, whenever it ends. */
static void watch_caps(struct dp_lane *lane, uint64_t now)
{
    uint64_t depth = dp_peek(&lane->state->frames_top);
    for (uint64_t i = 0; i < depth && i < DP_LANE_FRAMES; i++) {
        const struct dp_lane_frame *frame = &lane->state->frames[i];
        struct dp_memory_frame *memory = &lane->memory_frames[i];
        uint64_t start_ns = dp_peek(&frame->start_ns);
        const struct dp_site_config *config =
            dp_site_config_at(dp_peek_32(&frame->site) % DP_MAX_SITES, start_ns);
        uint64_t cap = config ? config->probes[DP_ATTRIBUTE_PROFILE].duration_ns : 0;
        if (!cap || !(dp_peek_32(&frame->kinds) & config->memory & DP_KIND(PROFILE)) ||
            atomic_load_explicit(&memory->capped_ns, memory_order_relaxed) == start_ns ||
            now < start_ns + cap)
            continue;
        peek_memory(&memory->at_cap, &lane->memory);
        /* pairs with the load in end_memory */
        atomic_store_explicit(&memory->capped_ns, start_ns, memory_order_release);
    }
}

void dp_watch_lanes(uint64_t now, uint64_t tick_period)
{
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane *lane = dp_lane_at(i);
        if (!dp_lane_state_of(lane) || !dp_lane_is_owned(lane))
            continue;
        watch_open_calls(lane, now, tick_period);
        watch_caps(lane, now);
    }
}

uint64_t dp_watch_interval_ns(void)
{
    uint64_t wanted = dp_configure_shortest_slow_ns() / 8;
    uint64_t least = (uint64_t)dp_lanes_count() * LANE_NS;
    wanted = wanted > least ? wanted : least;
    return wanted < LONGEST_INTERVAL_NS ? wanted : LONGEST_INTERVAL_NS;
}
