/*
 * See statistics.h.
 *
 * Each call is sampled by itself with a known probability p (Poisson sampling).
 * The Horvitz-Thompson estimator of a total over all calls sums y/p over the
 * sampled ones; it is unbiased whatever p is (Horvitz, Thompson: A
 * Generalization of Sampling Without Replacement From a Finite Universe, JASA
 * 47, 1952). For Poisson sampling its variance is estimated, without bias, by
 * the sum of (1 - p)/p^2 * y^2 (Särndal, Swensson, Wretman: Model Assisted
 * Survey Sampling, 1992, section 3.5).
 *
 *     number of calls: y = 1;  time of all calls (total_time.c): y = the call's
 *     duration
 */
#include "statistics.h"

#include <math.h>

#include "common/aggregate.h"

/* 97.5 % quantile of the normal distribution. */
#define Z_95 1.959964

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of a gauge, whose last value has a time, the latest; of spans the sum over the lanes. */
static void add_value(struct dp_site_stats *sum, const struct dp_site_stats *stats)
{
    if (stats->value_ns == 0) {
        sum->value += stats->value;
        return;
    }
    sum->least = sum->value_ns && sum->least < stats->least ? sum->least : stats->least;
    sum->greatest = sum->value_ns && sum->greatest > stats->greatest ? sum->greatest
                                                                     : stats->greatest;
    if (stats->value_ns < sum->value_ns)
        return;
    sum->value = stats->value;
    sum->value_ns = stats->value_ns;
}

void dp_totals_add(struct dp_totals *totals, const struct dp_site_stats *stats)
{
    struct dp_site_stats *sum = &totals->sum;

    if (stats->sampled > 0)
        sum->min_ns = sum->sampled ? smaller(sum->min_ns, stats->min_ns) : stats->min_ns;
    sum->max_ns = larger(sum->max_ns, stats->max_ns);
    sum->slow_max_ns = larger(sum->slow_max_ns, stats->slow_max_ns);
    if (stats->memory_calls > 0)
        sum->peak_bytes = sum->memory_calls && sum->peak_bytes > stats->peak_bytes
                              ? sum->peak_bytes
                              : stats->peak_bytes;
    add_value(sum, stats);
    sum->flags |= stats->flags;
    sum->calls += stats->calls;
    sum->sampled += stats->sampled;
    sum->estimated += stats->estimated;
    dp_variance_add(sum, stats->variance, stats->variance_high);
    sum->gated += stats->gated;
    sum->total_ns += stats->total_ns;
    sum->child_ns += stats->child_ns;
    sum->nested_ns += stats->nested_ns;
    sum->slow += stats->slow;
    sum->slow_total_ns += stats->slow_total_ns;
    sum->maybe_slow += stats->maybe_slow;
    sum->maybe_slow_least_ns += stats->maybe_slow_least_ns;
    sum->maybe_slow_most_ns += stats->maybe_slow_most_ns;
    sum->exceptions += stats->exceptions;
    sum->memory_calls += stats->memory_calls;
    sum->allocated_bytes += stats->allocated_bytes;
    sum->freed_bytes += stats->freed_bytes;
    sum->allocations += stats->allocations;
    sum->frees += stats->frees;
    sum->self_allocated_bytes += stats->self_allocated_bytes;
    sum->self_allocations += stats->self_allocations;
    sum->more_copies += stats->more_copies;
}

bool dp_totals_by_chance(const struct dp_totals *totals)
{
    return totals->sum.variance > 0 || totals->sum.variance_high > 0;
}

double dp_totals_variance(const struct dp_totals *totals)
{
    const struct dp_site_stats *sum = &totals->sum;

    return ((double)sum->variance_high * 18446744073709551616.0 + (double)sum->variance) /
               DP_WEIGHT_UNIT +
           totals->clustered;
}

double dp_totals_timed(const struct dp_totals *totals)
{
    return (double)totals->sum.sampled + (double)totals->sum.more_copies;
}

double dp_totals_stand_for(const struct dp_totals *totals)
{
    return (double)totals->sum.estimated / DP_WEIGHT_UNIT;
}

double dp_totals_evidence(const struct dp_totals *totals)
{
    double variance = dp_totals_variance(totals);
    double together = variance > 0 ? totals->clustered / variance : 0;

    return fmax((double)totals->sum.sampled * (1 - together), 1);
}

void dp_totals_finish(struct dp_totals *totals)
{
    dp_histogram_finish(&totals->histogram);
    dp_histogram_finish(&totals->slow_least);
    dp_histogram_finish(&totals->slow_most);
}

/* The interval of those numbers of calls from which the estimate is at most z standard
 * deviations off, the deviation being that of the number (Wilson's, for Poisson sampling). */
static struct dp_estimate score_interval(double value, double variance, double seen)
{
    double each = Z_95 * Z_95 * variance / value / 2;
    double half = Z_95 * sqrt(variance + each * variance / value / 2);

    return (struct dp_estimate){value, fmax(value + each - half, seen), value + each + half,
                                DP_ESTIMATED};
}

/* Of a site whose gate worked in a share of the time. */
static struct dp_estimate governed_interval(const struct dp_totals *totals, double value,
                                            double seen)
{
    struct dp_estimate estimate = score_interval(value, dp_totals_variance(totals), seen);

    estimate.high = fmax(estimate.high, seen + totals->unseen_calls);
    return estimate;
}

/* Calls that were seen with certainty. A call that the load gate refused was one. */
static double calls_seen(const struct dp_site_stats *sum)
{
    uint64_t timed = sum->sampled > 0 ? sum->sampled : larger(sum->exceptions, sum->memory_calls);

    return (double)larger(larger(timed + sum->gated, sum->calls), sum->slow);
}

struct dp_estimate dp_estimate_calls(const struct dp_totals *totals)
{
    const struct dp_site_stats *sum = &totals->sum;
    double estimated = dp_totals_stand_for(totals), seen = calls_seen(sum);

    if (totals->has_counted && !(totals->governed && estimated > 0))
        return dp_exactly((double)totals->counted);
    /* Every call opened the gate, so every call was seen. */
    if (sum->calls > 0 && (double)sum->calls >= estimated - 0.5 && !totals->governed)
        return dp_exactly((double)sum->calls);
    if (totals->hardly_seen)
        return dp_at_least(totals->has_counted ? seen + (double)totals->counted : seen);
    if (totals->has_counted) { /* while the governor let every call be counted, and since */
        seen += (double)totals->counted;
        return governed_interval(totals, (double)totals->counted + estimated, seen);
    }
    if (sum->sampled == 0 && !(totals->governed && estimated > 0))
        return dp_at_least(seen);
    /* Those that the load gate refused were chosen by the same chance, and count. */
    double chosen = sum->sampled ? 1 + (double)sum->gated / (double)sum->sampled : 1;
    double value = fmax(estimated * chosen, seen), variance = dp_totals_variance(totals) * chosen;
    if (totals->governed)
        return governed_interval(totals, value, seen);
    if (variance > 0)
        return score_interval(value, variance, seen);
    return seen > estimated + 0.5 ? dp_at_least(seen) : dp_exactly(value);
}

double dp_mean_ns(const struct dp_totals *totals)
{
    return totals->sum.sampled ? (double)totals->sum.total_ns / dp_totals_timed(totals) : 0;
}

double dp_deviation_ns(const struct dp_totals *totals)
{
    uint64_t n = totals->histogram.count;

    if (n < 2)
        return NAN;
    return sqrt(dp_histogram_squares(&totals->histogram, dp_mean_ns(totals)) / (double)(n - 1));
}

double dp_quantile_ns(const struct dp_totals *totals, double q)
{
    double value = (double)dp_histogram_quantile(&totals->histogram, q);

    if (totals->sum.sampled == 0)
        return 0;
    return fmin(fmax(value, (double)totals->sum.min_ns), (double)totals->sum.max_ns);
}
