/* See open_calls.h. */
#include "open_calls.h"

#include <string.h>

#include "common/threshold.h"

#include "base/memory.h"

static void add_open(struct dp_profile *profile, const struct dp_lane_state *lane, uint32_t site,
                     uint32_t depth, bool exact, uint64_t start_ns)
{
    profile->open = dp_append(profile->open, &profile->n_open, &profile->open_capacity,
                              sizeof *profile->open);
    struct dp_open_info *open = &profile->open[profile->n_open - 1];
    *open = (struct dp_open_info){
        .tid = lane->tid, .site = site, .depth = depth, .exact = exact, .start_ns = start_ns};
    memcpy(open->thread_name, lane->thread_name, sizeof lane->thread_name);
}

void dp_open_calls_add(struct dp_profile *profile, const struct dp_lane_state *lane)
{
    uint64_t frames = lane->frames_top < DP_LANE_FRAMES ? lane->frames_top : DP_LANE_FRAMES;
    uint64_t top = lane->open.top;
    uint64_t kept = top < DP_OPEN_MAX ? top : DP_OPEN_MAX;

    for (uint64_t i = 0; i < frames; i++)
        if (!(lane->frames[i].start_ns & DP_FRAME_ENDED))
            add_open(profile, lane, lane->frames[i].site, (uint32_t)i, true,
                     lane->frames[i].start_ns);
    for (uint64_t i = top - kept; i < top; i++) {
        const struct dp_open_call *call = &lane->open.calls[i % DP_OPEN_MAX];
        if (!(call->due & DP_DUE_OPENED))
            add_open(profile, lane, call->site, (uint32_t)i, false, call->due);
    }
}

/* A watched call's entry has the time at which the call becomes slow. Its start is earlier by the
 * site's threshold, which the log's records have. */
static void date_calls(struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_open; i++) {
        struct dp_open_info *open = &profile->open[i];
        const struct dp_site_info *site = dp_site_find(&profile->sites, open->site);
        const struct dp_site_attribute_info *slow =
            site ? site->attributes[DP_ATTRIBUTE_IF_SLOW] : NULL;
        if (open->exact)
            continue;
        uint64_t after = slow && dp_attribute_in_force(slow->state)
                             ? dp_slow_after(slow->threshold)
                             : DP_SLOW_NEVER;
        open->start_ns = open->start_ns > after ? open->start_ns - after : 0;
    }
}

/*
 * A lane's list of watched calls is a ring of DP_OPEN_MAX entries. When calls were nested
 * deeper than that before, entries of outer calls still hold deeper calls that have ended.
 * Such a call began after the calls that stand above it now.
 */
static void drop_ended_calls(struct dp_profile *profile)
{
    uint64_t start_above = UINT64_MAX;
    uint32_t depth_above = 0;
    size_t first = profile->n_open;

    for (size_t i = profile->n_open; i-- > 0;) {
        const struct dp_open_info *open = &profile->open[i];
        if (open->exact || open->depth >= depth_above) /* another list */
            start_above = UINT64_MAX;
        depth_above = open->exact ? 0 : open->depth;
        if (!open->exact && open->start_ns) {
            if (open->start_ns > start_above)
                continue;
            start_above = open->start_ns;
        }
        profile->open[--first] = *open;
    }
    profile->n_open -= first;
    if (profile->n_open)
        memmove(profile->open, profile->open + first, profile->n_open * sizeof *profile->open);
}

void dp_open_calls_settle(struct dp_profile *profile)
{
    date_calls(profile);
    drop_ended_calls(profile);
}
