/* See watch.h. The watched threads change what is read here at any time. Each word is read
 * whole (base/peek.h); what several words say together is checked. */
#include "watch.h"

#include <errno.h>

#include "base/due.h"
#include "base/facts.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/tick.h"
#include "hot/in_flight_ids.h"
#include "hot/slow_id.h"
#include "log/process_log.h"
#include "open_calls.h"
#include "sites/configure.h"
#include "sites/sites.h"
#include "slow_looks.h"
#include "thread/lane.h"
#include "unlisted_calls.h"

#define LONGEST_INTERVAL_NS UINT64_C(20000000)
#define LANE_NS 10000 /* per lane, added to the interval: a small share of a core's time */

/* The calls of one lane that were reported in flight, and those that are looked at, by their
 * place on its list. */
struct noted {
    uint64_t reported[DP_OPEN_MAX]; /* their `due` */
    uint64_t looked_at[DP_OPEN_MAX];
};
static struct noted *noted; /* DP_MAX_LANES */
static uint64_t next_ns;    /* when an open call is to be watched again, at the latest */
/* Counts down, so that these ids differ from those that calls get at their end, where the
 * number counts up. */
static uint64_t last_number;

int dp_watch_init(void)
{
    if (!noted)
        noted = dp_os_map_memory(DP_MAX_LANES * sizeof *noted);
    dp_in_flight_reset();
    dp_unlisted_calls_init();
    int error = dp_slow_looks_init();
    return noted ? error : -ENOMEM;
}

void dp_watch_release(void)
{
    dp_os_unmap(noted, DP_MAX_LANES * sizeof *noted);
    noted = NULL;
    dp_slow_looks_release();
    dp_unlisted_calls_release();
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

static void come_again(uint64_t time_ns)
{
    if (time_ns < next_ns)
        next_ns = time_ns;
}

/* An entry of a lane's list, as it was when it was read. */
struct entry {
    struct dp_lane *lane;
    uint64_t i, due;
    uint32_t site;
    const struct dp_site_config *config;
    uint64_t start, latest; /* it began in between */
};

/* The owner changes the list while we read, and another thread may end the call. */
static bool is_still_there(const struct entry *entry, uint64_t now)
{
    const struct dp_open_calls *open = &entry->lane->state->open;
    return dp_peek(&open->top) > entry->i &&
           dp_peek(&open->calls[entry->i % DP_OPEN_MAX].due) == entry->due &&
           !dp_open_call_is_over(entry->lane, entry->site, entry->due, now);
}

static void look_from_now_on(const struct entry *entry, uint64_t now)
{
    const struct dp_probe *probe = &entry->config->probes[DP_ATTRIBUTE_IF_SLOW];
    uint64_t width = entry->latest - entry->start;
    const struct dp_watched call = {
        .lane = entry->lane,
        .i = entry->i,
        .due = entry->due,
        .site = entry->site,
        .start_ns = entry->start + width / 2,
        .error_ns = width ? width / 2 + 1 : 0,
        .threshold_ns = entry->config->slow_threshold_ns,
        .event_chance = probe->event ? probe->event_chance : 0,
    };
    dp_slow_looks_follow(&call, now);
}

/* Its id from now on; 0: it has ended meanwhile, and says nothing of a report. */
static uint64_t id_for_report(const struct entry *entry, uint64_t now)
{
    uint64_t id = dp_slow_looks_id(entry->lane, entry->i, entry->due);
    if (id)
        return dp_in_flight_report(id) ? id : 0;
    id = dp_slow_id(entry->lane->index, entry->site, entry->due, --last_number);
    dp_in_flight_add(entry->site, entry->due, id, false);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the fence in dp_in_flight_take */
    if (!is_still_there(entry, now) && dp_in_flight_take_back(id))
        return 0;
    dp_process_lost(DP_LOSS_LOOKS, 1);
    return dp_in_flight_report(id) ? id : 0;
}

static void report_once(const struct entry *entry, uint64_t now)
{
    uint64_t *before = &noted[entry->lane->index].reported[entry->i % DP_OPEN_MAX];
    uint64_t width = entry->latest - entry->start, id = id_for_report(entry, now);
    if (!id)
        return;
    *before = entry->due;
    report_in_flight(entry->lane, entry->site, entry->config, now - entry->start - width / 2,
                     width ? width / 2 + 1 : 0, id);
    dp_slow_looks_report(id, now);
}

static void watch_open_call(struct dp_lane *lane, uint64_t i, uint64_t now, uint64_t tick_period)
{
    struct dp_open_call *call = &lane->state->open.calls[i % DP_OPEN_MAX];
    struct entry entry = {
        .lane = lane, .i = i, .due = dp_peek(&call->due), .site = dp_peek_32(&call->site)};
    struct noted *mine = &noted[lane->index];
    if (entry.site == 0 || entry.site > dp_sites_count() ||
        mine->reported[i % DP_OPEN_MAX] == entry.due)
        return;
    entry.config = dp_open_call_config(entry.site, entry.due, now, &entry.start);
    if (!entry.config || !entry.config->slow_threshold_ns || entry.start >= now)
        return;
    uint64_t threshold = entry.config->slow_threshold_ns, age = now - entry.start;
    if (age < dp_slow_look_from_ns(threshold)) {
        come_again(entry.start + dp_slow_look_from_ns(threshold));
        return;
    }
    if (!dp_open_call_may_last(lane, entry.site, entry.due, now))
        return;
    bool opened = entry.due & DP_DUE_OPENED, seen = mine->looked_at[i % DP_OPEN_MAX] == entry.due;
    if (seen && age < threshold + tick_period)
        return;
    /* Judged as finish.c judges it at its end, so that a call reported now is also reported
     * then. */
    entry.latest = opened ? dp_tick_latest_of_exact(NULL, entry.start, now)
                          : dp_tick_latest_start(NULL, entry.start, now);
    if (!seen) {
        mine->looked_at[i % DP_OPEN_MAX] = entry.due;
        look_from_now_on(&entry, now);
    }
    if (age < threshold + tick_period)
        come_again(entry.start + threshold + tick_period);
    else if (now - entry.latest >= threshold)
        report_once(&entry, now);
}

static void watch_open_calls(struct dp_lane *lane, uint64_t now, uint64_t tick_period)
{
    uint64_t top = dp_peek(&lane->state->open.top);
    for (uint64_t i = dp_open_calls_first(&lane->state->open, top, now); i < top; i++)
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

uint64_t dp_watch_lanes(uint64_t now, uint64_t tick_period)
{
    uint32_t count = dp_lanes_count();
    next_ns = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane *lane = dp_lane_at(i);
        if (!dp_lane_state_of(lane) || !dp_lane_is_owned(lane))
            continue;
        watch_open_calls(lane, now, tick_period);
        watch_caps(lane, now);
    }
    come_again(dp_unlisted_calls_round(now));
    come_again(dp_slow_looks_round(now));
    return next_ns;
}

uint64_t dp_watch_interval_ns(void)
{
    uint64_t wanted = dp_configure_shortest_slow_ns() / 8;
    uint64_t least = (uint64_t)dp_lanes_count() * LANE_NS;
    wanted = wanted > least ? wanted : least;
    return wanted < LONGEST_INTERVAL_NS ? wanted : LONGEST_INTERVAL_NS;
}
