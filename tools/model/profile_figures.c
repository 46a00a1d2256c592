/* See profile_figures.h. */
#include "profile_figures.h"

#include "base/clock.h"

bool dp_totals_any(const struct dp_totals *totals)
{
    if (!totals)
        return false;
    const struct dp_site_stats *sum = &totals->sum;
    return sum->calls || sum->sampled || sum->slow || sum->maybe_slow || sum->memory_calls || sum->exceptions ||
           sum->gated || totals->counted;
}

bool dp_profile_has_data(const struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_totals; i++)
        if (dp_totals_any(profile->totals[i]))
            return true;
    for (size_t i = 0; i < profile->sites.named.n; i++)
        if (profile->sites.named.named[i].totals)
            return true;
    return profile->slow_events > 0 || profile->n_open > 0 || profile->allocations.n > 0 ||
           profile->stacks.n_samples > 0;
}

uint64_t dp_profile_start_ns(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.start_monotonic_ns : profile->first_ns;
}

/* Longer than the steward's longest pause. After such a gap the process had become another
 * program by exec, or was stopped. */
#define SILENT_NS UINT64_C(2000000000)

static uint64_t killed_end_ns(const struct dp_profile *profile, uint64_t end)
{
    uint64_t seen = profile->process.end_seen_ns;

    /* The process was alive when each open call began. */
    for (size_t i = 0; i < profile->n_open; i++)
        if (profile->open[i].start_ns > end)
            end = profile->open[i].start_ns;
    return seen > end && seen - end < SILENT_NS ? seen : end;
}

uint64_t dp_profile_wall_ns(const struct dp_profile *profile)
{
    uint64_t start = dp_profile_start_ns(profile), end = profile->last_ns;

    if (profile->phase == DP_PHASE_FINISHED)
        end = profile->process.end_monotonic_ns;
    else if (profile->phase == DP_PHASE_RUNNING)
        end = dp_monotonic_ns();
    else if (profile->has_process && profile->process.heartbeat_ns > end)
        end = profile->process.heartbeat_ns;
    if (profile->phase == DP_PHASE_KILLED || profile->phase == DP_PHASE_ELSEWHERE)
        end = killed_end_ns(profile, end);
    return end > start ? end - start : 0;
}

/* How much of the time belongs to the profile's window. */
static uint64_t within_window(const struct dp_profile *profile, uint64_t from, uint64_t to)
{
    const struct dp_windows *windows = &profile->windows;

    if (windows->set && from < windows->from_ns)
        from = windows->from_ns;
    if (windows->set && to > windows->to_ns)
        to = windows->to_ns;
    return to > from ? to - from : 0;
}

uint64_t dp_profile_gate_closed_ns(const struct dp_profile *profile)
{
    uint64_t end = dp_profile_start_ns(profile) + dp_profile_wall_ns(profile);
    uint64_t closed_ns = 0, since = 0;
    uint32_t resources = 0; /* that keep it closed */

    for (size_t i = 0; i <= profile->n_load; i++) {
        bool last = i == profile->n_load;
        uint64_t now = last ? end : profile->load[i].time_ns;
        if (resources && now > since)
            closed_ns += within_window(profile, since, now);
        if (last)
            break;
        const struct dp_event_load *event = &profile->load[i].event;
        uint32_t bit = 1u << (event->resource & 31);
        resources = event->closed ? resources | bit : resources & ~bit;
        since = now;
    }
    return closed_ns;
}

uint64_t dp_profile_realtime(const struct dp_profile *profile, uint64_t monotonic_ns)
{
    return monotonic_ns + (profile->has_process ? profile->process.realtime_offset_ns
                                                : profile->log.realtime_offset_ns);
}

const struct dp_category_limits *dp_profile_categories(const struct dp_profile *profile)
{
    return profile->categories.from_ns[0] > 0 ? &profile->categories : &dp_default_categories;
}

const char *dp_profile_program(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.program : profile->log.program;
}

uint32_t dp_profile_pid(const struct dp_profile *profile)
{
    return profile->has_process ? profile->process.pid : profile->log.pid;
}

bool dp_profile_self_known(const struct dp_profile *profile, uint32_t site)
{
    const struct dp_totals *own = dp_profile_find_totals(profile, site);

    /* child_ns is kept by the runtime, not in records. */
    return profile->has_lanes && !profile->calls_untimed && profile->gated == 0 && own &&
           !(own->sum.flags & DP_STATS_CHILDREN_MISSED);
}

bool dp_profile_self_memory_known(const struct dp_profile *profile, uint32_t site)
{
    const struct dp_totals *own = dp_profile_find_totals(profile, site);
    uint32_t unknown = DP_STATS_SELF_MEMORY_UNKNOWN | DP_STATS_CHILDREN_MISSED;

    return profile->has_lanes && !profile->memory_uncounted && own &&
           own->sum.memory_calls > 0 && !(own->sum.flags & unknown);
}

uint64_t dp_profile_forgotten(const struct dp_profile *profile)
{
    bool open = profile->phase != DP_PHASE_FINISHED && profile->forgotten <= INT64_MAX;

    return open ? profile->forgotten : 0;
}

uint64_t dp_profile_lost(const struct dp_profile *profile, int reason)
{
    uint64_t state = profile->lost[reason], events = profile->lost_events[reason];

    return state > events ? state : events;
}
