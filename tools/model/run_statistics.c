/*
 * See run_statistics.h.
 *
 * The test: Mann, Whitney: On a Test of Whether One of Two Random Variables Is Stochastically
 * Larger than the Other, Annals of Mathematical Statistics 18, 1947. The exact distribution
 * with ties counts subsets by their sum of ranks (the shift algorithm of Streitberg and Röhmel,
 * 1986). The ratio and its interval: Hodges, Lehmann: Estimates of Location Based on Rank
 * Tests, same journal 34, 1963. Many tests: Benjamini, Hochberg: Controlling the False Discovery
 * Rate, Journal of the Royal Statistical Society B 57, 1995.
 */
#include "run_statistics.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ALPHA 0.05 /* 1 - the intervals' confidence */
#define Z_95  1.959964

/* Counts of subsets stay below 2^53, where doubles are exact. */
#define MOST_EXACT 50
#define MOST_EXACT_PAIRS 40

/* ---- sums of ranks ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double dp_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    if (n == 0)
        return NAN;
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* Twice the rank among `sorted` (ties share the mean of theirs), so that it is whole. */
static size_t double_rank(const double *sorted, size_t n, double value)
{
    size_t below = 0, same = 0;

    while (below < n && sorted[below] < value)
        below++;
    while (below + same < n && sorted[below + same] == value)
        same++;
    return 2 * below + same + 1;
}

/* How many subsets of `ranks` have each sum: in [size * (most + 1) + sum]. The caller frees. */
static double *count_subsets(const size_t *ranks, size_t n, size_t largest, size_t most)
{
    size_t row = most + 1;
    double *ways = dp_allocate((largest + 1) * row, sizeof *ways);

    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t size = i + 1 < largest ? i + 1 : largest; size > 0; size--)
            for (size_t sum = ranks[i]; sum <= most; sum++)
                ways[size * row + sum] += ways[(size - 1) * row + sum - ranks[i]];
    return ways;
}

/* Twice the smaller tail of a distribution, given as counts of each value up to `most`. */
static double two_sided(const double *counts, size_t most, size_t seen)
{
    double low = 0, high = 0, all = 0;

    for (size_t i = 0; i <= most; i++) {
        all += counts[i];
        low += i <= seen ? counts[i] : 0;
        high += i >= seen ? counts[i] : 0;
    }
    return fmin(1, 2 * fmin(low, high) / all);
}

/* Pooled and sorted; the caller frees. */
static double *pool(struct dp_group a, struct dp_group b)
{
    double *values = dp_allocate(a.n + b.n, sizeof *values);

    memcpy(values, a.values, a.n * sizeof *values);
    memcpy(values + a.n, b.values, b.n * sizeof *values);
    qsort(values, a.n + b.n, sizeof *values, by_value);
    return values;
}

static double exact_p(const double *pooled, size_t n, struct dp_group group, size_t seen)
{
    size_t ranks[MOST_EXACT], most = 0;

    for (size_t i = 0; i < n; i++)
        ranks[i] = double_rank(pooled, n, pooled[i]);
    for (size_t i = n - group.n; i < n; i++)
        most += ranks[i];
    double *ways = count_subsets(ranks, n, group.n, most);
    double p = two_sided(ways + group.n * (most + 1), most, seen);
    free(ways);
    return p;
}

/* With corrections for ties and for continuity. */
static double normal_p(const double *pooled, size_t n, struct dp_group group, double rank_sum)
{
    double a = (double)group.n, all = (double)n, b = all - a, ties = 0;

    for (size_t i = 0, same; i < n; i += same) {
        for (same = 1; i + same < n && pooled[i + same] == pooled[i];)
            same++;
        ties += pow((double)same, 3) - (double)same;
    }
    double variance = a * b / 12 * (all + 1 - ties / (all * (all - 1)));
    double distance = fabs(rank_sum - a * (all + 1) / 2) - 0.5;
    if (variance <= 0 || distance <= 0)
        return 1;
    return erfc(distance / sqrt(variance) / sqrt(2));
}

double dp_rank_test(struct dp_group before, struct dp_group after)
{
    size_t n = before.n + after.n, seen = 0;

    if (before.n == 0 || after.n == 0)
        return 1;
    double *pooled = pool(before, after);
    for (size_t i = 0; i < before.n; i++)
        seen += double_rank(pooled, n, before.values[i]);
    double p = n <= MOST_EXACT ? exact_p(pooled, n, before, seen)
                               : normal_p(pooled, n, before, (double)seen / 2);
    free(pooled);
    return p;
}

double dp_rank_test_least(size_t before, size_t after)
{
    double ways = 1;

    if (before == 0 || after == 0)
        return 1;
    for (size_t i = 1; i <= before; i++)
        ways *= (double)(after + i) / (double)i;
    return fmin(1, 2 / ways);
}

size_t dp_rank_test_runs(double p)
{
    size_t runs = 1;

    while (runs < 500 && dp_rank_test_least(runs, runs) > p)
        runs++;
    return runs;
}

/* ---- ratios ---- */

/* The largest c with P(statistic < c) <= ALPHA / 2; 0: even the least value is likelier. */
static size_t critical(const double *counts, size_t most)
{
    double all = 0, below = 0;
    size_t c = 0;

    for (size_t i = 0; i <= most; i++)
        all += counts[i];
    while (c <= most && (below += counts[c]) <= all * ALPHA / 2)
        c++;
    return c;
}

/* Of `n` sorted logarithms of ratios: the middle, and those `c` from either end. */
static struct dp_ratio ratio_from(double *logs, size_t n, size_t c)
{
    struct dp_ratio ratio = {exp(dp_median(logs, n)), 0, INFINITY};

    if (c > 0 && c <= n) {
        ratio.low = exp(logs[c - 1]);
        ratio.high = exp(logs[n - c]);
    }
    return ratio;
}

/* The `c` of U, which without ties is the sum of ranks less the least one. */
static size_t critical_u(size_t a, size_t b)
{
    size_t n = a + b, ranks[MOST_EXACT];

    if (n > MOST_EXACT) {
        double mean = (double)a * (double)b / 2;
        double c = floor(mean - Z_95 * sqrt(mean * (double)(n + 1) / 6));
        return c > 0 ? (size_t)c : 0;
    }
    for (size_t i = 0; i < n; i++)
        ranks[i] = i; /* from 0: the least sum of `a` of them is a * (a - 1) / 2 */
    size_t least = a * (a - 1) / 2, most = least + a * b;
    double *ways = count_subsets(ranks, n, a, most);
    size_t c = critical(ways + a * (most + 1) + least, a * b);
    free(ways);
    return c;
}

struct dp_ratio dp_ratio_of_groups(struct dp_group before, struct dp_group after)
{
    size_t n = before.n * after.n;
    double *logs = dp_allocate(n + 1, sizeof *logs);

    if (n == 0) {
        free(logs);
        return (struct dp_ratio){NAN, NAN, NAN};
    }
    for (size_t i = 0; i < before.n; i++)
        for (size_t j = 0; j < after.n; j++)
            logs[i * after.n + j] = log(after.values[j] / before.values[i]);
    struct dp_ratio ratio = ratio_from(logs, n, critical_u(before.n, after.n));
    free(logs);
    return ratio;
}

/* ---- pairs ---- */

/* The distribution of the sum of the ranks of positive differences: subsets of any size. The
 * caller frees. */
static double *count_signs(const size_t *ranks, size_t n, size_t most)
{
    double *ways = dp_allocate(most + 1, sizeof *ways);

    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t sum = most + 1; sum-- > ranks[i];)
            ways[sum] += ways[sum - ranks[i]];
    return ways;
}

/* Differences of 0 say nothing for either side and are left out. */
static double signed_rank_p(const double *logs, size_t n)
{
    double *sizes = dp_allocate(n + 1, sizeof *sizes);
    size_t *ranks = dp_allocate(n + 1, sizeof *ranks);
    size_t some = 0, most = 0, seen = 0;
    double p = 1;

    for (size_t i = 0; i < n; i++)
        if (logs[i] != 0)
            sizes[some++] = fabs(logs[i]);
    qsort(sizes, some, sizeof *sizes, by_value);
    for (size_t i = 0; i < some; i++)
        most += ranks[i] = double_rank(sizes, some, sizes[i]);
    for (size_t i = 0; i < n; i++)
        seen += logs[i] > 0 ? double_rank(sizes, some, logs[i]) : 0;
    if (some > 0) {
        double *ways = count_signs(ranks, some, most);
        p = two_sided(ways, most, seen);
        free(ways);
    }
    free(sizes);
    free(ranks);
    return p;
}

static size_t critical_signs(size_t n)
{
    size_t ranks[MOST_EXACT_PAIRS], most = n * (n + 1) / 2;

    for (size_t i = 0; i < n; i++)
        ranks[i] = i + 1;
    double *ways = count_signs(ranks, n, most);
    size_t c = critical(ways, most);
    free(ways);
    return c;
}

struct dp_ratio dp_ratio_of_pairs(const double *before, const double *after, size_t n, double *p)
{
    double logs[MOST_EXACT_PAIRS], walsh[MOST_EXACT_PAIRS * (MOST_EXACT_PAIRS + 1) / 2];
    size_t n_walsh = 0;

    *p = 1;
    n = n < MOST_EXACT_PAIRS ? n : MOST_EXACT_PAIRS;
    if (n == 0)
        return (struct dp_ratio){NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++)
        logs[i] = log(after[i] / before[i]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            walsh[n_walsh++] = (logs[i] + logs[j]) / 2;
    *p = signed_rank_p(logs, n);
    return ratio_from(walsh, n_walsh, critical_signs(n));
}

/* ---- many tests ---- */

struct place {
    double p;
    size_t at;
};

static int by_p(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

void dp_adjust_for_many(double *p, size_t n)
{
    struct place *order = dp_allocate(n + 1, sizeof *order);
    double least = 1;

    for (size_t i = 0; i < n; i++)
        order[i] = (struct place){p[i], i};
    qsort(order, n, sizeof *order, by_p);
    for (size_t i = n; i-- > 0;) {
        least = fmin(least, order[i].p * (double)n / (double)(i + 1));
        p[order[i].at] = least;
    }
    free(order);
}
