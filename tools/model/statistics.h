/*
 * From sampled calls to statements about all calls.
 *
 * Used by the profile and the report. Pure arithmetic.
 */
#ifndef DP_TOOLS_STATISTICS_H
#define DP_TOOLS_STATISTICS_H

#include <stdbool.h>

#include "estimate.h"
#include "histogram.h"

/* A site's aggregates, added up over lanes. */
struct dp_totals {
    struct dp_site_stats sum; /* `blocks` unused */
    struct dp_histogram histogram;
    /* Of the slow calls: each took something between its values in the two. Empty where they are
     * not known one by one. */
    struct dp_histogram slow_least, slow_most;
    uint64_t counted; /* exact count of profile_calls */
    bool has_counted;
    /* Every call of at least so many ns is counted in `slow`; 0: not so, or not known. The
     * next two say how exact the time of each is, and how many such calls may be missing. */
    double watched_ns;
    double watched_error_ns;
    double watched_missing_ns;
    /* Its gate worked in a share of the time only (governor.h); in so few windows that they do
     * not stand for the rest; and what that adds to the variance of the number of calls. */
    bool governed, hardly_seen;
    double clustered;
    double unseen_calls; /* at most so many went on while its gate did not work, beside the rest */
};

void dp_totals_add(struct dp_totals *totals, const struct dp_site_stats *stats);
/* Some of its calls were left out by chance. */
bool dp_totals_by_chance(const struct dp_totals *totals);
/* How many calls the sampled ones stand for: the sum of 1/p over them, p being the chance
 * that a call is sampled. */
double dp_totals_stand_for(const struct dp_totals *totals);
/* The variance of that number: the sum of (1 - p)/p^2, and what comes of calls that were chosen
 * together. */
double dp_totals_variance(const struct dp_totals *totals);
/* How many calls the sums of times and the histogram are of: the sampled ones, of which the
 * governor lets some count several times. */
double dp_totals_timed(const struct dp_totals *totals);
/* As how many calls, each chosen by itself, the sampled ones count where an interval is made: fewer
 * where they were chosen together (the design effect: Kish, Survey Sampling, 1965). */
double dp_totals_evidence(const struct dp_totals *totals);
void dp_totals_finish(struct dp_totals *totals);

/* How often the site was called. */
struct dp_estimate dp_estimate_calls(const struct dp_totals *totals);

/* Of the sampled calls; 0 without any, the deviation NAN without two. */
double dp_mean_ns(const struct dp_totals *totals);
double dp_deviation_ns(const struct dp_totals *totals);

/* Within [min, max], which are exact. */
double dp_quantile_ns(const struct dp_totals *totals, double q);

#endif
