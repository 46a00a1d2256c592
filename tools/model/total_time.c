/* See total_time.h; statistics.c has the formulas for sums over sampled calls. */
#include "total_time.h"

#include <math.h>

/* 97.5 % quantile of the normal distribution. */
#define Z_95 1.959964

/* Of the sampled calls those whose time has to be scaled up: all, or those that are shorter
 * than what is watched, since of the longer ones every one is known. */
struct scaled {
    double sum_ns;
    double error_ns;    /* the histogram knows no tighter bound */
    double doubtful_ns; /* so close to the threshold that the tick may count it or not */
    struct dp_moments moments;
};

static struct scaled scaled_of(const struct dp_totals *totals)
{
    double all_ns = (double)totals->sum.total_ns, bucket = 1 / 128.0;
    struct scaled part = {
        .sum_ns = all_ns,
        .moments = dp_histogram_moments(&totals->histogram,
                                        totals->watched_ns > 0 ? totals->watched_ns : INFINITY)};

    if (!(totals->watched_ns > 0) || (double)totals->sum.max_ns < totals->watched_ns)
        return part;
    double near_ns = 2 * totals->watched_error_ns;
    part.doubtful_ns =
        dp_histogram_moments(&totals->histogram, totals->watched_ns + near_ns).sum -
        dp_histogram_moments(&totals->histogram, totals->watched_ns - near_ns).sum;
    double all = dp_histogram_moments(&totals->histogram, INFINITY).sum;
    double above = all - part.moments.sum;
    part.sum_ns = above < part.moments.sum ? fmax(all_ns - above, 0) : part.moments.sum;
    part.error_ns = fmin(above, part.moments.sum) * bucket;
    return part;
}

/* How much further the upper end is for durations that were not seen because the large ones
 * are rare, in standard deviations: from the tail of those that were. INFINITY: not known. */
static double for_the_tail(const struct dp_histogram *histogram)
{
    static const double more[][2] = {{0.35, 0}, {0.5, 1}, {0.7, 3}, {0.85, 5}, {1, 6}};
    double used, tail = dp_histogram_tail(histogram, &used), heavy = tail * (1 + 1 / sqrt(used));

    if (heavy <= more[0][0])
        return 0;
    for (size_t i = 1; i < sizeof more / sizeof *more; i++)
        if (heavy <= more[i][0])
            return more[i - 1][1] + (more[i][1] - more[i - 1][1]) * (heavy - more[i - 1][0]) /
                                        (more[i][0] - more[i - 1][0]);
    return INFINITY;
}

/* How many standard deviations the upper end is above the estimate. docs/sampling.md says
 * where this comes from. */
static double upper_deviations(const struct dp_totals *totals, const struct scaled *part,
                               double rate)
{
    const double left_out = fmax(1 - rate, 1e-9), z = (Z_95 * Z_95 - 1) / 6;
    double skewness = part->moments.cubes / pow(part->moments.squares, 1.5);
    double for_skewness = skewness * ((0.5 + 3 * z) * sqrt(left_out) -
                                      z * (1 - 2 * rate) / sqrt(left_out));

    /* Of watched calls all long ones are seen: there is no unseen tail. */
    return Z_95 + for_skewness + (totals->watched_ns > 0 ? 0 : for_the_tail(&totals->histogram));
}

/* Calls that were left out by chance only: the slow ones, which are known, and the rest. */
static struct dp_estimate estimate_by_chance(const struct dp_totals *totals)
{
    const struct dp_site_stats *sum = &totals->sum;
    const struct scaled part = scaled_of(totals);
    double n = dp_totals_timed(totals), slow = (double)sum->slow;
    double slow_ns = totals->watched_ns > 0 ? (double)sum->slow_total_ns : 0;
    /* Aggregates have no y/p of their own: rates are the same for all calls of
     * a site but for rare changes, so the mean weight stands for each. */
    double weight = fmax(dp_totals_stand_for(totals) / n, 1);
    double mean_ns = part.sum_ns / n;
    double variance = (dp_totals_variance(totals) - totals->clustered) / n * part.moments.squares +
                      totals->clustered * mean_ns * mean_ns +
                      slow * totals->watched_error_ns * totals->watched_error_ns / 3;
    double seen = fmax(slow_ns + part.sum_ns - part.error_ns,
                       fmax((double)sum->total_ns, (double)sum->slow_total_ns));
    double value = fmax(slow_ns + part.sum_ns * weight, seen), error_ns = (part.error_ns + part.doubtful_ns) * weight;
    double deviation = sqrt(variance);
    struct dp_estimate estimate = {value, fmax(value - Z_95 * deviation - error_ns, seen),
                                   INFINITY, DP_ROUGH};

    if (sum->sampled < DP_FEW_SAMPLES)
        estimate.low = seen;
    else if (part.moments.squares > 0)
        estimate.high = value + error_ns + totals->watched_missing_ns +
                        deviation * upper_deviations(totals, &part, 1 / weight);
    if (!isinf(estimate.high))
        estimate.certainty = DP_ESTIMATED;
    return estimate;
}

struct dp_estimate dp_estimate_total(const struct dp_totals *totals)
{
    const struct dp_site_stats *sum = &totals->sum;

    if (sum->sampled == 0)
        return dp_at_least((double)sum->slow_total_ns);
    if (totals->hardly_seen) /* with copies, the sum stands for calls that were not seen */
        return dp_at_least(fmax((double)(sum->more_copies ? sum->max_ns : sum->total_ns),
                                (double)sum->slow_total_ns));
    struct dp_estimate known = dp_totals_by_chance(totals) ? estimate_by_chance(totals)
                                                           : dp_exactly((double)sum->total_ns);
    /* Calls that the load gate refused were not left out by chance: the sampled calls
     * do not represent them. */
    double stand_for = fmax(dp_totals_stand_for(totals), (double)sum->sampled);
    if (sum->gated > 0 || (!totals->has_counted && (double)sum->calls > stand_for + 0.5))
        return dp_at_least(fmax(known.low, (double)sum->slow_total_ns));
    return known;
}
