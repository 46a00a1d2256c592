/*
 * Two groups of runs, one number a run: did it change, and by how much?
 *
 * Used by the comparison. Pure arithmetic. Ranks only: no distribution is assumed.
 */
#ifndef DP_TOOLS_RUN_STATISTICS_H
#define DP_TOOLS_RUN_STATISTICS_H

#include <stddef.h>

/* Values of one group. */
struct dp_group {
    const double *values;
    size_t n;
};

/*
 * The two-sided p of the Mann-Whitney U test. Exact up to 50 values in all, ties included: of all
 * ways to divide the pooled values into two groups of these sizes, twice the share of those
 * that lie as far on one side as the two groups do. Above that the normal approximation.
 * 1 when a group is empty.
 */
double dp_rank_test(struct dp_group before, struct dp_group after);

/* The smallest p that groups of such sizes can have. */
double dp_rank_test_least(size_t before, size_t after);

/* The fewest runs a side with which that is at most `p`. */
size_t dp_rank_test_runs(double p);

/* after / before; all NAN without values. */
struct dp_ratio {
    double value;
    double low, high; /* with 95 % confidence; 0 and INFINITY where the groups are too small */
};

/* The Hodges-Lehmann estimate: the median of the ratios of each value of `after` to each of
 * `before`, and the interval that inverts the test above. Values must be positive. */
struct dp_ratio dp_ratio_of_groups(struct dp_group before, struct dp_group after);

/*
 * The same for pairs (after[i] belongs to before[i]): the median of the means of two of the
 * logarithms (Walsh averages), its interval from Wilcoxon's signed rank test; `*p` is that
 * test's, two-sided and exact up to 40 pairs.
 */
struct dp_ratio dp_ratio_of_pairs(const double *before, const double *after, size_t n, double *p);

/* Makes of each p what Benjamini and Hochberg compare with the rate of false discoveries. */
void dp_adjust_for_many(double *p, size_t n);

/* Reorders the values; NAN when there are none. */
double dp_median(double *values, size_t n);

#endif
