/* See check_figures.h. */
#include "check_figures.h"

#include <math.h>

#include "completeness.h"
#include "profile_figures.h"

static const struct dp_estimate unknown = {NAN, NAN, NAN, DP_UNKNOWN};

static struct dp_estimate between(double value, double low, double high)
{
    return (struct dp_estimate){value, low, high, low == high ? DP_EXACT : DP_ESTIMATED};
}

/* Has every call its time? */
static bool every_call_timed(const struct dp_report_function *row)
{
    return row->calls.certainty == DP_EXACT && row->gated == 0 && row->sampled > 0 &&
           (double)row->sampled >= row->calls.value - 0.5;
}

static struct dp_estimate of_latency(const struct dp_report_function *row,
                                     struct dp_estimate figure)
{
    /* The load gate chose which calls were timed, and not chance. */
    return row->latency.partial ? unknown : figure;
}

static struct dp_estimate percentile(const struct dp_report_function *row, double share)
{
    int p = 0;

    while (dp_percentile_share(p) != share)
        p++;
    return of_latency(row, row->latency.percentile[p]);
}

/* Of calls that were not timed it is known that they were not slow, where that is watched. */
static struct dp_estimate longest(const struct dp_report_function *row,
                                  const struct dp_totals *totals)
{
    double most = (double)row->longest_ns, high = INFINITY;

    if (every_call_timed(row))
        return dp_exactly(most);
    if (totals->watched_ns > 0 && totals->watched_missing_ns == 0)
        high = fmax(most, totals->watched_ns) + totals->watched_error_ns;
    if (most == 0 && isinf(high))
        return unknown;
    return (struct dp_estimate){most, most, high, DP_AT_LEAST};
}

static struct dp_estimate exceptions(const struct dp_report_function *row)
{
    double seen = (double)row->exceptions;

    if (!row->info)
        return unknown;
    return every_call_timed(row) ? dp_exactly(seen)
                                 : (struct dp_estimate){seen, seen, INFINITY, DP_AT_LEAST};
}

static struct dp_estimate slow_calls(const struct dp_profile *profile,
                                     const struct dp_report_function *row)
{
    const struct dp_site_attribute_info *watch =
        row->info ? row->info->attributes[DP_ATTRIBUTE_IF_SLOW] : NULL;
    double slow = (double)row->slow;

    if (!watch || !dp_attribute_in_force(watch->state) || watch->changed || !profile->has_lanes)
        return unknown;
    if (dp_profile_lost(profile, DP_LOSS_TICK_LATE) > 0)
        return (struct dp_estimate){slow, slow, INFINITY, DP_AT_LEAST};
    return between(slow, slow, slow + (double)row->maybe_slow);
}

/* Memory is counted for each call that is profiled for it. */
static struct dp_estimate bytes(const struct dp_profile *profile,
                                const struct dp_report_function *row, double counted)
{
    if (row->memory.calls == 0 || !row->memory.bytes_known)
        return unknown;
    if (profile->memory_uncounted)
        return (struct dp_estimate){counted, counted, INFINITY, DP_AT_LEAST};
    return dp_exactly(counted);
}

static struct dp_estimate divided(struct dp_estimate part, struct dp_estimate by)
{
    if (part.certainty == DP_UNKNOWN || by.certainty == DP_UNKNOWN || !(by.value > 0))
        return unknown;
    return (struct dp_estimate){
        part.value / by.value, part.low / by.high, by.low > 0 ? part.high / by.low : INFINITY,
        part.certainty > by.certainty ? part.certainty : by.certainty};
}

/* ---- what is missing ---- */

/* Records and calls. Other losses are of looks, reasons and samples. */
static double lost(const struct dp_profile *profile)
{
    static const int losses[] = {DP_LOSS_LOG_FULL,  DP_LOSS_OVERWRITTEN, DP_LOSS_NO_SPACE,
                                 DP_LOSS_NO_MEMORY, DP_LOSS_DEPTH,       DP_LOSS_REENTERED,
                                 DP_LOSS_SITES,     DP_LOSS_AGGREGATES};
    double sum = (double)profile->damage.places;

    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        sum += (double)dp_profile_lost(profile, losses[i]);
    return sum;
}

bool dp_site_never_called(const struct dp_profile *profile, uint32_t site)
{
    const struct dp_totals *totals = dp_profile_find_totals(profile, site);
    const struct dp_site_info *info = dp_site_find(&profile->sites, site);

    return info && profile->has_lanes && !dp_totals_any(totals) && lost(profile) == 0 &&
           dp_site_sees_every_call(info);
}

/* ---- what is no function ---- */

/* Index of no site: its totals are not found. */
#define NO_SITE DP_MAX_SITES

struct dp_report_function dp_check_operation(const struct dp_report_operation *operation)
{
    return (struct dp_report_function){.site = NO_SITE,
                                       .calls = dp_exactly((double)operation->times),
                                       .total_ns = dp_exactly((double)operation->total_ns),
                                       .sampled = operation->times,
                                       .times = operation->of,
                                       .longest_ns = operation->of.max_ns,
                                       .latency = operation->latency};
}

/* Only its number is known. */
struct dp_report_function dp_check_kind(const struct dp_report_kind *kind)
{
    struct dp_report_function row = {.site = NO_SITE,
                                     .calls = dp_exactly((double)kind->count),
                                     .total_ns = unknown};

    row.latency.mean_ns = unknown;
    for (int p = 0; p < DP_PERCENTILES; p++)
        row.latency.percentile[p] = unknown;
    return row;
}

/* ---- all of them ---- */

struct dp_estimate dp_check_function(const struct dp_profile *profile,
                                     const struct dp_report_function *row,
                                     const struct dp_target *target)
{
    static const struct dp_totals nothing;
    const struct dp_totals *totals = dp_profile_find_totals(profile, row->site);
    struct dp_estimate figure = unknown;

    totals = totals ? totals : &nothing;
    switch (target->figure) {
    case DP_TARGET_PERCENTILE: return percentile(row, target->quantile);
    case DP_TARGET_MEAN: return of_latency(row, row->latency.mean_ns);
    case DP_TARGET_MAX: return longest(row, totals);
    case DP_TARGET_TOTAL: return row->total_ns;
    case DP_TARGET_CALLS: return row->calls;
    case DP_TARGET_RATE:
        return divided(row->calls, dp_exactly((double)dp_profile_wall_ns(profile) / 1e9));
    case DP_TARGET_SLOW: figure = slow_calls(profile, row); break;
    case DP_TARGET_EXCEPTIONS: figure = exceptions(row); break;
    case DP_TARGET_ALLOCATED:
        return bytes(profile, row, (double)row->memory.allocated_bytes);
    case DP_TARGET_PEAK: return bytes(profile, row, fmax((double)row->memory.peak_bytes, 0));
    default: break;
    }
    return target->share ? divided(figure, row->calls) : figure;
}

/* The most of any sample, of those that know all of it. */
static struct dp_estimate most_resident(const struct dp_timeline *timeline)
{
    static const enum dp_figure parts[] = {DP_FIGURE_ANONYMOUS, DP_FIGURE_FILE, DP_FIGURE_SHARED};
    double most = -1;

    for (size_t i = 0; i < timeline->n; i++) {
        const struct dp_figures *figures = &timeline->samples[i].figures;
        double sum = 0;
        bool known = true;
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            known &= dp_figure_known(figures, parts[p]);
            sum += (double)figures->value[parts[p]];
        }
        if (known)
            most = fmax(most, sum);
    }
    return most < 0 ? unknown : dp_exactly(most);
}

struct dp_estimate dp_check_process(const struct dp_profile *profile,
                                    const struct dp_target *target)
{
    switch (target->figure) {
    case DP_TARGET_WALL: return dp_exactly((double)dp_profile_wall_ns(profile));
    case DP_TARGET_CPU:
        return profile->has_overhead && profile->overhead.process_cpu_ns > 0
                   ? dp_exactly((double)profile->overhead.process_cpu_ns)
                   : unknown;
    case DP_TARGET_LOST: return dp_exactly(lost(profile));
    case DP_TARGET_MEMORY: return most_resident(&profile->timeline);
    default: return unknown;
    }
}
