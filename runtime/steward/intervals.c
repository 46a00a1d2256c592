/* See intervals.h. */
#include "intervals.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/settings.h"
#include "common/interval.h"
#include "log/process_log.h"
#include "thread/lane.h"

#define PERIOD_LEAST_NS UINT64_C(100000000)
#define SLICE_NS UINT64_C(50000)
#define AGE_LEAST_NS UINT64_C(64000000000)
#define SHARE 32        /* of the room for events about the process: each time its age grows by e */
#define COST_SHARE 1000 /* of one processor */

enum { MOST_BUCKETS = 900 }; /* a record fits into the smallest packet */

/* A record that is being made, and the words of the shadow that it brings up to date. */
static struct {
    struct dp_event_interval event;
    uint8_t payload[DP_INTERVAL_N_SUMS * sizeof(uint64_t) + MOST_BUCKETS * sizeof(uint32_t)];
} __attribute__((packed)) record;

static struct {
    uint64_t sums[DP_INTERVAL_N_SUMS]; /* by bit */
    uint32_t elements[MOST_BUCKETS];
    uint32_t *shadows[MOST_BUCKETS];
    uint32_t n;
} making;

static struct {
    uint64_t begun_ns, before_ns; /* this round, and the one before it */
    uint64_t next_ns;
    uint64_t bytes, took_ns;
    uint32_t lane, site; /* where it goes on */
    uint64_t paths;      /* paths_of() that lane when its turn began */
    bool running;
} round_of;

static uint64_t start_ns;

void dp_intervals_init(uint64_t now)
{
    memset(&round_of, 0, sizeof round_of);
    start_ns = round_of.begun_ns = now;
}

/* ---- shadows ---- */

static void drop_shadow(struct dp_lane *lane)
{
    if (!lane->shadow)
        return;
    dp_os_unmap(lane->shadow, lane->shadow_bytes);
    dp_memory_ceiling_give(lane->shadow_bytes);
    lane->shadow = NULL;
    lane->shadow_bytes = 0;
    lane->shadow_paths = 0;
}

/* Of all of the arena that is in use. False: no memory. */
static bool make_shadow(struct dp_lane *lane, const struct dp_lane_state *state)
{
    enum { STEP = 16384 };
    uint64_t used = dp_peek(&state->arena_used);
    if (used < DP_LANE_ARENA_OFFSET || used > lane->state_bytes)
        return false; /* its file was cut */
    uint64_t bytes = (used - DP_LANE_ARENA_OFFSET + STEP) / STEP * STEP;
    if (bytes <= lane->shadow_bytes)
        return true;
    if (!dp_memory_ceiling_take(bytes))
        return false;
    char *made = dp_os_map_memory(bytes);
    if (!made) {
        dp_memory_ceiling_give(bytes);
        return false;
    }
    uint64_t paths = lane->shadow_paths;
    if (lane->shadow)
        memcpy(made, lane->shadow, lane->shadow_bytes);
    drop_shadow(lane);
    lane->shadow = made;
    lane->shadow_bytes = bytes;
    lane->shadow_paths = paths;
    return true;
}

/* Both at that offset of the lane's file; NULL: it is not in the arena. */
static const void *in_arena(const struct dp_lane *lane, const struct dp_lane_state *state,
                            uint32_t offset, uint64_t bytes)
{
    uint64_t end = offset + bytes;
    if (offset < DP_LANE_ARENA_OFFSET || end > DP_LANE_ARENA_OFFSET + lane->shadow_bytes)
        return NULL;
    return (const char *)state + offset;
}

static void *in_shadow(const struct dp_lane *lane, uint32_t offset)
{
    return lane->shadow + (offset - DP_LANE_ARENA_OFFSET);
}

/* ---- a record ---- */

static void start_record(uint32_t lane, uint32_t site, uint32_t flags)
{
    memset(making.sums, 0, sizeof making.sums);
    making.n = 0;
    record.event = (struct dp_event_interval){
        .site = site, .lane = lane, .flags = flags, .from_ns = round_of.before_ns};
}

/* Puts the sums that are not 0 and the buckets into the log. False: there is no room. */
static bool write_record(void)
{
    uint8_t *at = record.payload;
    record.event.which = record.event.n_sums = 0;
    for (uint32_t bit = 0; bit < DP_INTERVAL_N_SUMS; bit++) {
        if (!making.sums[bit])
            continue;
        memcpy(at, &making.sums[bit], sizeof making.sums[bit]);
        at += sizeof making.sums[bit];
        record.event.which |= 1u << bit;
        record.event.n_sums++;
    }
    record.event.n_buckets = making.n;
    memcpy(at, making.elements, making.n * sizeof *making.elements);
    at += making.n * sizeof *making.elements;
    size_t bytes = (size_t)(at - (uint8_t *)&record);
    if (!dp_log_event_if_room(DP_EVENT_ID_interval, &record, bytes))
        return false;
    round_of.bytes += bytes;
    for (uint32_t i = 0; i < making.n; i++)
        *making.shadows[i] += making.elements[i] & DP_INTERVAL_MOST_CALLS;
    return true;
}

/* The sums come with the first of a site's records only. */
static bool write_part(void)
{
    if (!write_record())
        return false;
    memset(making.sums, 0, sizeof making.sums);
    making.n = 0;
    return true;
}

static bool add_calls(uint32_t bucket, uint32_t calls, uint32_t *shadow)
{
    uint32_t elements = calls / DP_INTERVAL_MOST_CALLS + 1;
    if (elements > MOST_BUCKETS) { /* millions a moment: the rest comes with the next round */
        elements = MOST_BUCKETS;
        calls = MOST_BUCKETS * DP_INTERVAL_MOST_CALLS;
    }
    if (making.n + elements > MOST_BUCKETS && !write_part())
        return false;
    while (calls) {
        uint32_t some = calls < DP_INTERVAL_MOST_CALLS ? calls : DP_INTERVAL_MOST_CALLS;
        making.shadows[making.n] = shadow;
        making.elements[making.n++] = dp_interval_element(bucket, some);
        calls -= some;
    }
    return true;
}

static bool add_histogram(const struct dp_lane *lane, const struct dp_lane_state *state,
                          uint32_t histogram, const uint32_t blocks[DP_HISTOGRAM_BLOCKS])
{
    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++) {
        uint32_t offset = dp_peek_32(&blocks[b]);
        const uint32_t *now = in_arena(lane, state, offset, DP_HISTOGRAM_SUB * sizeof *now);
        if (!now)
            continue;
        uint32_t *shadow = in_shadow(lane, offset);
        uint32_t first = histogram * DP_INTERVAL_HISTOGRAM_BUCKETS + b * DP_HISTOGRAM_SUB;
        for (uint32_t i = 0; i < DP_HISTOGRAM_SUB; i++) {
            uint32_t grown = dp_peek_32(&now[i]) - shadow[i];
            if (grown && !add_calls(first + i, grown, &shadow[i]))
                return false;
        }
    }
    return true;
}

/* Sums of 64 bits wrap around as those do that they are made of; the variance has 128. */
static void add_sums(const struct dp_site_stats *now, struct dp_site_stats *shadow)
{
    for (uint32_t bit = 0; bit < DP_INTERVAL_variance; bit++) {
        size_t at = dp_interval_sum_offset(bit);
        uint64_t value = dp_peek((const uint64_t *)(const void *)((const char *)now + at));
        uint64_t *before = (uint64_t *)(void *)((char *)shadow + at);
        making.sums[bit] = value - *before;
        *before = value;
    }
    uint64_t low = dp_peek(&now->variance), high = dp_peek(&now->variance_high);
    making.sums[DP_INTERVAL_variance] = low - shadow->variance;
    making.sums[DP_INTERVAL_variance_high] =
        high - shadow->variance_high - (low < shadow->variance);
    shadow->variance = low;
    shadow->variance_high = high;
}

/* Every call of a site adds to one of these. */
static bool has_grown(const struct dp_site_stats *now, const struct dp_site_stats *shadow)
{
    return dp_peek(&now->sampled) != shadow->sampled || dp_peek(&now->slow) != shadow->slow ||
           dp_peek(&now->calls) != shadow->calls || dp_peek(&now->gated) != shadow->gated ||
           dp_peek(&now->maybe_slow) != shadow->maybe_slow ||
           dp_peek(&now->memory_calls) != shadow->memory_calls ||
           dp_peek(&now->exceptions) != shadow->exceptions;
}

/* Histograms first: a call that ends meanwhile is then in none of them, or in the sums as well
 * next time. False: the log has no room. */
static bool write_site(const struct dp_lane *lane, const struct dp_lane_state *state,
                       uint32_t site, uint32_t offset)
{
    const struct dp_site_stats *now = in_arena(lane, state, offset, sizeof *now);
    if (!now)
        return true;
    struct dp_site_stats *shadow = in_shadow(lane, offset);
    if (!has_grown(now, shadow))
        return true;
    start_record(lane->index, site, shadow->site ? 0 : DP_INTERVAL_ABSOLUTE);
    add_sums(now, shadow);
    if (!add_histogram(lane, state, 0, now->blocks))
        return false;
    uint32_t at = dp_peek_32(&now->slow_histograms);
    const struct dp_slow_histograms *slow = in_arena(lane, state, at, sizeof *slow);
    if (slow && (!add_histogram(lane, state, 1, slow->least) ||
                 !add_histogram(lane, state, 2, slow->most)))
        return false;
    shadow->site = site;
    return write_record();
}

/* ---- a lane, a round ---- */

static bool slice_is_over(uint64_t begun)
{
    return dp_now_ns() - begun > SLICE_NS;
}

/* From round_of.site on. True: all of the lane is done. */
static bool write_lane(struct dp_lane *lane, const struct dp_lane_state *state, uint64_t begun,
                       bool whole)
{
    for (uint32_t site = round_of.site; site < DP_MAX_SITES; site++) {
        uint32_t page = dp_peek_32(&state->site_pages[site / DP_LANE_SITE_PAGE]);
        const uint32_t *entries =
            in_arena(lane, state, page, DP_LANE_SITE_PAGE * sizeof *entries);
        if (!entries) {
            site |= DP_LANE_SITE_PAGE - 1;
            continue;
        }
        uint32_t offset = dp_peek_32(&entries[site % DP_LANE_SITE_PAGE]);
        if (offset && !write_site(lane, state, site, offset)) {
            drop_shadow(lane); /* what is not in the log is not reported */
            return true;
        }
        if (!whole && (offset || site % 256 == 0) && slice_is_over(begun)) {
            round_of.site = site + 1;
            return false;
        }
    }
    return true;
}

/* Grows with whatever adds to the lane's aggregates. */
static uint64_t paths_of(const struct dp_lane *lane, const struct dp_lane_state *state)
{
    return dp_peek(&state->slow_paths) + dp_peek(&lane->telemetry_calls);
}

static bool work_on(struct dp_lane *lane, uint64_t begun, bool whole)
{
    const struct dp_lane_state *state = dp_lane_state_of(lane);
    if (!state)
        return true;
    if (round_of.site == 0)
        round_of.paths = paths_of(lane, state);
    if (lane->shadow && round_of.paths == lane->shadow_paths)
        return true; /* nothing was added since */
    if (!make_shadow(lane, state))
        return true;
    if (!write_lane(lane, state, begun, whole))
        return false;
    if (lane->shadow)
        lane->shadow_paths = round_of.paths;
    return true;
}

/* So that the records of a process that runs for weeks stay within their part of the log, and
 * the steward within its part of a processor. */
static void plan_next(uint64_t now)
{
    uint64_t whole, period = dp_setting_value(DP_SETTING_INTERVAL);
    dp_log_room_left(&whole);
    uint64_t age = now - start_ns > AGE_LEAST_NS ? now - start_ns : AGE_LEAST_NS;
    uint64_t share = whole / SHARE + 1;
    uint64_t by_bytes = (uint64_t)((double)round_of.bytes / (double)share * (double)age);
    uint64_t by_cost = round_of.took_ns * COST_SHARE;
    if (period < PERIOD_LEAST_NS)
        period = PERIOD_LEAST_NS;
    if (period < by_bytes)
        period = by_bytes;
    round_of.next_ns = round_of.begun_ns + (period > by_cost ? period : by_cost);
}

/* Most is left to others, who count what does not fit as lost. */
static bool has_room(void)
{
    uint64_t whole, left = dp_log_room_left(&whole);
    return left > whole / 4 * 3;
}

void dp_intervals_round(uint64_t now)
{
    if (!dp_setting_value(DP_SETTING_INTERVAL))
        return;
    if (!round_of.running) {
        if (!round_of.next_ns)
            plan_next(now);
        if (now < round_of.next_ns || !has_room())
            return;
        round_of.before_ns = round_of.begun_ns;
        round_of.begun_ns = now;
        round_of.bytes = round_of.took_ns = round_of.lane = round_of.site = 0;
        round_of.running = true;
    }
    uint64_t begun = dp_now_ns(), cpu_ns = dp_os_thread_cpu_ns();
    while (round_of.lane < dp_lanes_count() && work_on(dp_lane_at(round_of.lane), begun, false)) {
        round_of.lane++;
        round_of.site = 0;
        if (slice_is_over(begun))
            break;
    }
    round_of.took_ns += dp_os_thread_cpu_ns() - cpu_ns;
    if (round_of.lane < dp_lanes_count())
        return;
    round_of.running = false;
    plan_next(now);
}

void dp_intervals_lane_rests(struct dp_lane *lane)
{
    uint32_t site = round_of.site;
    if (!lane->shadow)
        return;
    uint64_t before = round_of.before_ns, paths = round_of.paths;
    if (!round_of.running)
        round_of.before_ns = round_of.begun_ns;
    round_of.site = 0;
    work_on(lane, dp_now_ns(), true);
    drop_shadow(lane);
    round_of.site = round_of.lane == lane->index ? 0 : site;
    round_of.before_ns = before;
    round_of.paths = paths;
}
