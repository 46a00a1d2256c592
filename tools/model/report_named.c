/* See report_named.h. */
#include "report_named.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile_figures.h"

static double per_second(uint64_t n, uint64_t wall_ns)
{
    return wall_ns > 0 ? (double)n * 1e9 / (double)wall_ns : NAN;
}

static struct dp_report_operation operation_of(const struct dp_profile *profile,
                                               const struct dp_named *named, uint64_t wall_ns)
{
    const struct dp_site_stats *sum = &named->totals->sum;
    struct dp_report_operation operation = {.name = named->name,
                                            .times = sum->sampled,
                                            .per_second = per_second(sum->sampled, wall_ns),
                                            .total_ns = sum->total_ns,
                                            .of = dp_report_times_of(named->totals),
                                            .open = sum->value > 0 ? (uint64_t)sum->value : 0};

    dp_latency_make(&operation.latency, named->totals, dp_profile_categories(profile));
    return operation;
}

static const char *levels_setting(const struct dp_profile *profile)
{
    for (size_t i = 0; i < profile->n_settings; i++)
        if (strcmp(profile->settings[i].name, "DEEP_PROFILE_GAUGE_LEVELS") == 0)
            return profile->settings[i].value;
    return "";
}

/* How many of the values are below `limit`. */
static double below(const struct dp_totals *totals, uint64_t limit)
{
    return dp_histogram_moments(&totals->histogram, (double)limit).count;
}

static void find_levels(struct dp_report_gauge *gauge, const struct dp_profile *profile,
                        const struct dp_totals *totals)
{
    double before = 0, all = (double)totals->histogram.count;

    if (dp_levels_find(levels_setting(profile), gauge->name, gauge->limits) != 0)
        dp_levels_find("", gauge->name, gauge->limits);
    gauge->level = dp_level_of(gauge->limits, gauge->last);
    for (int i = 0; i < DP_LEVEL_COUNT; i++) {
        double until = i < DP_LEVEL_LIMITS ? below(totals, gauge->limits[i]) : all;
        gauge->shares[i] = all > 0 ? (until - before) / all : NAN;
        before = until;
    }
}

static struct dp_report_gauge gauge_of(const struct dp_profile *profile,
                                       const struct dp_named *named)
{
    const struct dp_site_stats *sum = &named->totals->sum;
    struct dp_report_gauge gauge = {.name = named->name,
                                    .sets = sum->calls,
                                    .last = sum->value,
                                    .last_unix_ns = dp_profile_realtime(profile, sum->value_ns),
                                    .least = sum->least,
                                    .greatest = sum->greatest,
                                    .mean = dp_mean_ns(named->totals),
                                    .p50 = dp_quantile_ns(named->totals, 0.5),
                                    .p99 = dp_quantile_ns(named->totals, 0.99)};

    find_levels(&gauge, profile, named->totals);
    return gauge;
}

static int by_total(const void *a, const void *b)
{
    const struct dp_report_operation *x = a, *y = b;

    if (x->total_ns != y->total_ns)
        return x->total_ns > y->total_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_depth(const void *a, const void *b)
{
    const struct dp_report_gauge *x = a, *y = b;

    if (x->last != y->last)
        return x->last > y->last ? -1 : 1;
    if (x->greatest != y->greatest)
        return x->greatest > y->greatest ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_count(const void *a, const void *b)
{
    const struct dp_report_kind *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->name, y->name);
}

void dp_report_named_make(struct dp_report_named *named, const struct dp_profile *profile,
                          size_t limit, uint64_t wall_ns)
{
    const struct dp_named_table *table = &profile->sites.named;

    *named = (struct dp_report_named){.limit = limit};
    if (profile->shown_ns > 0)
        return; /* of a part of the run they are not known */
    named->operations = dp_allocate(table->n, sizeof *named->operations);
    named->gauges = dp_allocate(table->n, sizeof *named->gauges);
    named->kinds = dp_allocate(table->n, sizeof *named->kinds);
    for (size_t i = 0; i < table->n; i++) {
        const struct dp_named *one = &table->named[i];
        const struct dp_site_stats *sum = one->totals ? &one->totals->sum : NULL;
        if (!sum || (sum->calls == 0 && sum->value == 0))
            continue;
        if (one->flags & DP_SITE_OPERATION)
            named->operations[named->n_operations++] = operation_of(profile, one, wall_ns);
        else if (one->flags & DP_SITE_GAUGE)
            named->gauges[named->n_gauges++] = gauge_of(profile, one);
        else
            named->kinds[named->n_kinds++] = (struct dp_report_kind){
                one->name, sum->calls, per_second(sum->calls, wall_ns)};
    }
    qsort(named->operations, named->n_operations, sizeof *named->operations, by_total);
    qsort(named->gauges, named->n_gauges, sizeof *named->gauges, by_depth);
    qsort(named->kinds, named->n_kinds, sizeof *named->kinds, by_count);
}

void dp_report_named_finish(struct dp_report_named *named)
{
    free(named->operations);
    free(named->gauges);
    free(named->kinds);
    *named = (struct dp_report_named){0};
}
