/* Tests of runs beside values that others have published or computed. */
#include "check.h"

#include "model/run_statistics.h"

#define GROUP(array) ((struct dp_group){array, sizeof(array) / sizeof *(array)})

static void exp_all(double *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = exp(from[i]);
}

/* The example of scipy.stats.mannwhitneyu's manual: method="exact" gives 0.1111111. */
static void the_example_of_scipy(void)
{
    const double males[] = {19, 22, 16, 29, 24}, females[] = {20, 11, 17, 12};

    CHECK_WITHIN(dp_rank_test(GROUP(males), GROUP(females)), 1 / 9.0, 1e-12);
    CHECK_WITHIN(dp_rank_test(GROUP(females), GROUP(males)), 1 / 9.0, 1e-12);
}

/* Hollander, Wolfe: Nonparametric Statistical Methods, 1973, page 69, as in the manual of R's
 * wilcox.test: p = 0.1272 for the greater alternative; with conf.int=TRUE R says 0.305 and
 * [-0.15, 0.76]. Of logarithms, since ours is a ratio. */
static void permeability(void)
{
    const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    double ex[10], ey[5];

    CHECK_WITHIN(dp_rank_test(GROUP(x), GROUP(y)), 2 * 0.1272, 1e-4);
    exp_all(ex, x, 10);
    exp_all(ey, y, 5);
    struct dp_ratio ratio = dp_ratio_of_groups(GROUP(ey), GROUP(ex));
    CHECK_WITHIN(log(ratio.value), 0.305, 1e-9);
    CHECK_WITHIN(log(ratio.low), -0.15, 1e-9);
    CHECK_WITHIN(log(ratio.high), 0.76, 1e-9);
}

/* The same book, page 29 (depression): R's wilcox.test(x, y, paired=TRUE, conf.int=TRUE) says
 * p = 0.03906, 0.46 and [0.010, 0.786]. */
static void depression(void)
{
    const double x[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double y[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double ex[9], ey[9], p;

    exp_all(ex, x, 9);
    exp_all(ey, y, 9);
    struct dp_ratio ratio = dp_ratio_of_pairs(ey, ex, 9, &p);
    CHECK_WITHIN(p, 0.0390625, 1e-9);
    CHECK_WITHIN(log(ratio.value), 0.46, 1e-9);
    CHECK_WITHIN(log(ratio.low), 0.010, 1e-9);
    CHECK_WITHIN(log(ratio.high), 0.786, 1e-9);
}

/* With ties the p is that of all ways to divide the values, counted here one by one. */
static void ties_are_counted(void)
{
    const double a[] = {1, 1, 2, 3}, b[] = {2, 3, 3, 3, 4};
    const double all[] = {1, 1, 2, 3, 2, 3, 3, 3, 4};
    double ranks[9], seen = 0;
    int ways = 0, low = 0, high = 0;

    for (int i = 0; i < 9; i++) {
        ranks[i] = 0.5;
        for (int j = 0; j < 9; j++)
            ranks[i] += all[j] < all[i] ? 1 : all[j] == all[i] ? 0.5 : 0;
        seen += i < 4 ? ranks[i] : 0;
    }
    for (unsigned set = 0; set < 1u << 9; set++) {
        double sum = 0;
        for (int i = 0; i < 9; i++)
            sum += set >> i & 1 ? ranks[i] : 0;
        if (__builtin_popcount(set) != 4)
            continue;
        ways++;
        low += sum <= seen + 1e-9;
        high += sum >= seen - 1e-9;
    }
    CHECK(ways == 126);
    CHECK_WITHIN(dp_rank_test(GROUP(a), GROUP(b)),
                 fmin(1, 2.0 * (low < high ? low : high) / ways), 1e-12);
}

static void equal_groups_say_nothing(void)
{
    const double same[] = {5, 5, 5, 5, 5, 5};

    CHECK(dp_rank_test(GROUP(same), GROUP(same)) == 1);
    CHECK(dp_rank_test(GROUP(same), (struct dp_group){same, 0}) == 1);
    struct dp_ratio none = dp_ratio_of_groups(GROUP(same), (struct dp_group){same, 0});
    CHECK(isnan(none.value));
}

/* Two-sided critical values of U at 5 % (Mann and Whitney's table, as every textbook has it): the
 * interval leaves out as many differences at each end. With three a side there is none. */
static void intervals_follow_the_table_of_critical_values(void)
{
    static const struct {
        size_t n, u;
    } table[] = {{4, 0}, {5, 2}, {6, 5}, {8, 13}, {10, 23}, {15, 64}, {20, 127}, {30, 317}};
    double before[30], after[30], logs[900];

    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        size_t n = table[t].n, k = 0;
        for (size_t i = 0; i < n; i++) {
            before[i] = exp(0.01 * (double)i + 0.0003 * (double)(i * i));
            after[i] = exp(0.013 * (double)i);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                logs[k++] = after[j] / before[i];
        dp_median(logs, k); /* sorts */
        struct dp_ratio ratio = dp_ratio_of_groups((struct dp_group){before, n},
                                                   (struct dp_group){after, n});
        /* Above 50 values in all it is an approximation. */
        size_t slack = n > 25 ? 2 : 0;
        CHECK(ratio.low <= logs[table[t].u + slack] * (1 + 1e-12) &&
                  ratio.low >= logs[table[t].u - slack] * (1 - 1e-12), "n = %zu", n);
        CHECK(ratio.high <= logs[k - 1 - table[t].u + slack] * (1 + 1e-12) &&
                  ratio.high >= logs[k - 1 - table[t].u - slack] * (1 - 1e-12), "n = %zu", n);
    }
    struct dp_ratio few = dp_ratio_of_groups((struct dp_group){before, 3},
                                             (struct dp_group){after, 3});
    CHECK(few.value > 0 && few.low == 0 && isinf(few.high));
}

static void how_many_runs_it_takes(void)
{
    CHECK_WITHIN(dp_rank_test_least(3, 3), 0.1, 1e-12);
    CHECK_WITHIN(dp_rank_test_least(5, 5), 2.0 / 252, 1e-12);
    CHECK_WITHIN(dp_rank_test_least(8, 8), 2.0 / 12870, 1e-12);
    CHECK(dp_rank_test_least(0, 8) == 1);
    CHECK(dp_rank_test_runs(0.05) == 4);
    CHECK(dp_rank_test_runs(0.05 / 200) == 8);
}

/* Large groups: close to the exact distribution, which 25 a side still have. */
static void the_approximation_joins_the_exact_test(void)
{
    double before[26], after[26];

    for (int i = 0; i < 26; i++) {
        before[i] = i;
        after[i] = i + 6.5;
    }
    double exact = dp_rank_test((struct dp_group){before, 25}, (struct dp_group){after, 25});
    double normal = dp_rank_test((struct dp_group){before, 26}, (struct dp_group){after, 26});
    CHECK(exact > 0.001 && exact < 0.1);
    CHECK_WITHIN(log(normal), log(exact), 0.3);
}

/* Benjamini and Hochberg's own example (1995, section 3.2): of these 15 the first four are
 * rejected at 5 %; Bonferroni rejects three. */
static void many_tests(void)
{
    double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                  0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};

    dp_adjust_for_many(p, 15);
    CHECK_WITHIN(p[0], 0.0015, 1e-9);
    CHECK_WITHIN(p[3], 0.035625, 1e-9);
    for (int i = 0; i < 15; i++)
        CHECK((p[i] <= 0.05) == (i < 4), "%d", i);
    double backwards[] = {0.9, 0.01};
    dp_adjust_for_many(backwards, 2);
    CHECK(backwards[0] == 0.9 && backwards[1] == 0.02);
}

int main(void)
{
    the_example_of_scipy();
    permeability();
    depression();
    ties_are_counted();
    equal_groups_say_nothing();
    intervals_follow_the_table_of_critical_values();
    how_many_runs_it_takes();
    the_approximation_joins_the_exact_test();
    many_tests();
    return 0;
}
