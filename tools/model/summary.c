/* See summary.h. */
#include "summary.h"

#include <math.h>

#include "profile_figures.h"
#include "report.h"
#include "total_time.h"

/* ---- slow functions ---- */

static struct dp_summary_slow *find_slow(struct dp_summary *summary, uint32_t site)
{
    for (size_t i = 0; i < summary->n_slow; i++)
        if (summary->slow[i].worst->site == site)
            return &summary->slow[i];
    return NULL;
}

/* By all slow calls that the profile keeps. */
static void find_times(struct dp_summary_slow *slow, const struct dp_profile *profile)
{
    uint64_t start = dp_profile_start_ns(profile), first = UINT64_MAX, last = 0;

    for (size_t i = 0; i < profile->n_slow; i++) {
        const struct dp_slow_call *call = &profile->slow[i];
        if (call->site != slow->worst->site)
            continue;
        uint64_t began = call->time_ns > call->duration_ns ? call->time_ns - call->duration_ns : 0;
        first = began < first ? began : first;
        last = began > last ? began : last;
        slow->events++;
    }
    if (slow->events == 0)
        return;
    slow->first_after_ns = first > start ? first - start : 0;
    slow->last_after_ns = last > start ? last - start : 0;
    slow->first_unix_ns = dp_profile_realtime(profile, first);
}

static void add_slow(struct dp_summary *summary, const struct dp_report *report,
                     const struct dp_report_slow_call *call, const struct dp_profile *profile)
{
    const struct dp_totals *totals = dp_profile_find_totals(profile, call->site);
    const struct dp_site_info *waiting = report->slow.waiting.info;

    if (find_slow(summary, call->site))
        return;
    if (summary->n_slow == DP_SUMMARY_MOST) {
        summary->more_slow++;
        return;
    }
    struct dp_summary_slow *slow = &summary->slow[summary->n_slow++];
    *slow = (struct dp_summary_slow){.worst = call,
                                     .calls = totals ? totals->sum.slow : 0,
                                     .share = NAN,
                                     .waits = waiting && waiting == call->info};
    find_times(slow, profile);
    if (slow->calls < slow->events)
        slow->calls = slow->events;
    if (!totals)
        return;
    struct dp_estimate all = dp_estimate_calls(totals);
    slow->estimated = all.certainty == DP_ESTIMATED;
    if (slow->estimated && totals->sum.sampled < DP_FEW_SAMPLES)
        return;
    if ((all.certainty == DP_EXACT || slow->estimated) && all.value >= 1)
        slow->share = fmin((double)slow->calls / all.value, 1);
}

static void find_slow_functions(struct dp_summary *summary, const struct dp_report *report,
                                const struct dp_profile *profile)
{
    for (size_t i = 0; i < report->slow.n; i++)
        if (report->slow.calls[i].leaf)
            add_slow(summary, report, &report->slow.calls[i], profile);
    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        const struct dp_site_attribute_info *slow =
            site ? site->attributes[DP_ATTRIBUTE_IF_SLOW] : NULL;
        summary->watched |= slow && dp_attribute_in_force(slow->state);
    }
    summary->watched_all = summary->watched && dp_profile_lost(profile, DP_LOSS_TICK_LATE) == 0 &&
                           report->slow.maybe == 0 && !report->limits.losses.any &&
                           profile->damage.places == 0;
}

/* ---- functions ---- */

static void find_critical(struct dp_summary *summary, const struct dp_report *report)
{
    const struct dp_report_ranking *timed = &report->functions.timed;

    for (size_t i = 0; i < timed->n && summary->n_critical < DP_SUMMARY_MOST; i++) {
        const struct dp_report_function *function = timed->rows[i];
        const struct dp_category_calls *critical = &function->latency.category[DP_CRITICAL];
        if (function->latency.of != DP_LATENCY_OF_NONE && critical->calls.value >= 1 &&
            function->slow == 0)
            summary->critical[summary->n_critical++] = function;
    }
}

static bool is_known(const struct dp_report_function *function)
{
    return function->total_ns.certainty != DP_UNKNOWN && function->total_ns.value > 0;
}

static void find_busiest(struct dp_summary *summary, const struct dp_report *report)
{
    const struct dp_report_ranking *timed = &report->functions.timed;

    summary->by_self = report->functions.by_self;
    if (timed->n > 0 && is_known(timed->rows[0]))
        summary->busiest = timed->rows[0];
    summary->busiest_known = true;
    for (size_t i = 1; i < timed->n; i++)
        summary->busiest_known &= timed->rows[i]->total_ns.certainty != DP_AT_LEAST;
    if (report->functions.memory.n > 0 && report->functions.memory.rows[0]->memory.bytes_known &&
        report->functions.memory.rows[0]->memory.allocated_bytes > 0)
        summary->most_memory = report->functions.memory.rows[0];
}

void dp_summary_make(struct dp_summary *summary, const struct dp_report *report,
                     const struct dp_profile *profile)
{
    *summary = (struct dp_summary){0};
    find_slow_functions(summary, report, profile);
    find_critical(summary, report);
    find_busiest(summary, report);
    summary->lost_kinds = report->limits.losses.damage->places > 0;
    for (int i = 0; i < DP_LOSS_COUNT; i++)
        summary->lost_kinds += report->limits.losses.of[i].lost > 0;
}
