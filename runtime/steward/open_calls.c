/* See open_calls.h. */
#include "open_calls.h"

#include "base/due.h"
#include "base/peek.h"
#include "base/tick.h"
#include "sites/sites.h"

/* Else: it is not opened, or only kept for a tree of calls (hot/trees.h). */
static bool is_framed(uint64_t due)
{
    return due & DP_DUE_OPENED && due >> DP_DUE_KINDS_SHIFT & DP_DUE_KINDS;
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

bool dp_open_call_is_over(const struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    return is_framed(due) && !has_frame(lane->state, index, dp_due_start(due, now));
}

/*
 * A coroutine's call that ends on another thread stays on the list of the first thread. If
 * the call was opened, its frame shows that it has ended. For other calls nothing does. So
 * where a site's calls are known to migrate, prefer missing a report to reporting a call
 * that has ended.
 */
bool dp_open_call_may_last(const struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now)
{
    if (is_framed(due))
        return !dp_open_call_is_over(lane, index, due, now);
    return !atomic_load_explicit(&dp_sites[index].migrates, memory_order_relaxed);
}

static bool was_tick(uint64_t tick)
{
    return dp_tick_was(NULL, tick, 0);
}

const struct dp_site_config *dp_open_call_config(uint32_t index, uint64_t due, uint64_t now,
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

/*
 * If the list was more than DP_OPEN_MAX deeper before than now, deeper calls, which have ended,
 * have overwritten the entries of the outermost ones. Those entries show: calls are listed in
 * order of time, and overwritten entries began after the ones above them.
 */
uint64_t dp_open_calls_first(const struct dp_open_calls *open, uint64_t top, uint64_t now)
{
    uint64_t i = top, start_above = UINT64_MAX;
    for (; i > 0 && top - i < DP_OPEN_MAX; i--) {
        const struct dp_open_call *call = &open->calls[(i - 1) % DP_OPEN_MAX];
        uint64_t due = dp_peek(&call->due);
        uint32_t index = dp_peek_32(&call->site);
        if (due & DP_DUE_OPENED || index == 0 || index > dp_sites_count())
            continue; /* opened calls are checked by their frames */
        uint64_t start;
        if (!dp_open_call_config(index, due, now, &start))
            continue;
        if (start > start_above)
            break;
        start_above = start;
    }
    return i;
}

/* The calls of one list, the innermost of those not taken yet first. */
struct list {
    uint64_t first, next; /* entries [first, next) are left */
};

/* A frame of a sampled call: both ends of its start are known. */
static bool frame_at(const struct dp_lane_state *state, uint64_t i, struct dp_open_seen *call)
{
    call->start_ns = call->latest_ns = dp_peek(&state->frames[i].start_ns);
    call->site = dp_peek_32(&state->frames[i].site);
    return !(call->start_ns & DP_FRAME_ENDED) && call->site && call->site <= dp_sites_count();
}

static bool watched_at(const struct dp_lane *lane, uint64_t i, uint64_t now,
                       struct dp_open_seen *call)
{
    const struct dp_open_call *entry = &lane->state->open.calls[i % DP_OPEN_MAX];
    uint64_t due = dp_peek(&entry->due);
    call->site = dp_peek_32(&entry->site);
    if (is_framed(due) || call->site == 0 || call->site > dp_sites_count() ||
        !dp_open_call_may_last(lane, call->site, due, now) ||
        !dp_open_call_config(call->site, due, now, &call->start_ns) || call->start_ns > now)
        return false;
    call->latest_ns = due & DP_DUE_OPENED ? call->start_ns
                                          : dp_tick_latest_start(NULL, call->start_ns, now);
    return true;
}

uint32_t dp_open_calls_seen(const struct dp_lane *lane, uint64_t now, struct dp_open_seen *calls,
                            uint32_t most, uint32_t *more)
{
    const struct dp_lane_state *state = dp_lane_state_of(lane);
    uint64_t depth = state ? dp_peek(&state->frames_top) : 0;
    uint64_t top = state ? dp_peek(&state->open.top) : 0;
    struct list frames = {0, depth < DP_LANE_FRAMES ? depth : DP_LANE_FRAMES};
    struct list watched = {state ? dp_open_calls_first(&state->open, top, now) : 0, top};
    struct dp_open_seen frame = {0}, entry = {0};
    uint32_t n = 0;
    *more = 0;
    for (bool has_frame = false, has_entry = false;;) {
        while (!has_frame && frames.next > frames.first)
            has_frame = frame_at(state, --frames.next, &frame);
        while (!has_entry && watched.next > watched.first)
            has_entry = watched_at(lane, --watched.next, now, &entry);
        if (!has_frame && !has_entry)
            return n;
        bool is_frame = has_frame && (!has_entry || frame.start_ns >= entry.start_ns);
        if (n < most)
            calls[n++] = is_frame ? frame : entry;
        else
            ++*more;
        has_frame = has_frame && !is_frame;
        has_entry = has_entry && is_frame;
    }
}
