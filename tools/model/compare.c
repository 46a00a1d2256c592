/* See compare.h; run_statistics.c has the formulas and where they are from. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A percentile below the clock's resolution has no logarithm. */
#define LEAST_NS 0.5

/* ---- which functions there are ---- */

static void add_rows(struct dp_comparison *comparison, const struct dp_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++)
        for (size_t f = 0; f < runs->runs[i].n; f++) {
            comparison->rows = dp_append(comparison->rows, &comparison->n, &comparison->capacity,
                                         sizeof *comparison->rows);
            comparison->rows[comparison->n - 1].function = &runs->runs[i].functions[f];
        }
}

static int by_function(const void *a, const void *b)
{
    const struct dp_compared *x = a, *y = b;

    return dp_run_function_order(x->function, y->function);
}

static void one_row_a_function(struct dp_comparison *comparison)
{
    size_t n = 0;

    if (comparison->n > 0)
        qsort(comparison->rows, comparison->n, sizeof *comparison->rows, by_function);
    for (size_t i = 0; i < comparison->n; i++)
        if (n == 0 || by_function(&comparison->rows[n - 1], &comparison->rows[i]) != 0)
            comparison->rows[n++] = comparison->rows[i];
    comparison->n = n;
}

/* ---- figures of each run ---- */

/* How often a run did its work; NAN: not known. */
static double units_of(const struct dp_run *run, const char *per)
{
    double calls = 0;

    for (size_t i = 0; i < run->n; i++)
        if (strcmp(run->functions[i].function, per) == 0 &&
            run->functions[i].calls.certainty <= DP_ESTIMATED)
            calls += run->functions[i].calls.value;
    return calls > 0 ? calls : NAN;
}

static double *units_of_all(const struct dp_runs *runs, const char *per, bool *found)
{
    double *units = dp_allocate(runs->n + 1, sizeof *units);

    for (size_t i = 0; i < runs->n; i++) {
        units[i] = per ? units_of(&runs->runs[i], per) : 1;
        *found |= !isnan(units[i]);
    }
    return units;
}

static double value_of(struct dp_estimate estimate, double units)
{
    return estimate.certainty == DP_UNKNOWN ? NAN : fmax(estimate.value, LEAST_NS) / units;
}

/* Reads one side into row->figures[]; returns how many runs have the function. */
static size_t read_side(struct dp_compared *row, const struct dp_runs *runs, bool after,
                        const double *units)
{
    size_t have = 0;

    for (int f = 0; f < DP_RUN_FIGURES; f++) {
        double *values = dp_allocate(runs->n + 1, sizeof *values);
        *(after ? &row->figures[f].after : &row->figures[f].before) = values;
    }
    for (size_t i = 0; i < runs->n; i++) {
        const struct dp_run_function *function = dp_run_find(&runs->runs[i], row->function);
        if (function)
            row->estimated |= function->estimated;
        for (int f = 0; f < DP_RUN_FIGURES; f++) {
            double *values = after ? row->figures[f].after : row->figures[f].before;
            values[i] = function ? value_of(function->figures[f],
                                            f == DP_RUN_TOTAL ? units[i] : 1)
                                 : NAN;
        }
        have += function != NULL;
    }
    return have;
}

/* Those that are known; the caller frees. */
static double *known(const double *values, size_t n, size_t *n_known)
{
    double *some = dp_allocate(n + 1, sizeof *some);

    *n_known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            some[(*n_known)++] = values[i];
    return some;
}

static void test_values(struct dp_compared_figure *figure, size_t n_before, size_t n_after)
{
    double *before = known(figure->before, n_before, &figure->n_before);
    double *after = known(figure->after, n_after, &figure->n_after);
    struct dp_group a = {before, figure->n_before}, b = {after, figure->n_after};

    figure->p = figure->adjusted = dp_rank_test(a, b);
    figure->ratio = dp_ratio_of_groups(a, b);
    figure->median_before = dp_median(before, a.n);
    figure->median_after = dp_median(after, b.n);
    free(before);
    free(after);
}

static bool is_tested(const struct dp_comparison *comparison, const struct dp_compared *row, int f)
{
    return (comparison->how.figures >> f & 1) && row->figures[f].n_before > 0 &&
           row->figures[f].n_after > 0;
}

static void test_row(struct dp_comparison *comparison, struct dp_compared *row)
{
    bool any = false;

    row->runs_before = read_side(row, comparison->before, false, comparison->units_before);
    row->runs_after = read_side(row, comparison->after, true, comparison->units_after);
    for (int f = 0; f < DP_RUN_FIGURES; f++) {
        test_values(&row->figures[f], comparison->before->n, comparison->after->n);
        any |= is_tested(comparison, row, f);
        comparison->tests += is_tested(comparison, row, f);
    }
    comparison->functions += any;
}

static void adjust(struct dp_comparison *comparison)
{
    double *p = dp_allocate(comparison->tests + 1, sizeof *p);
    size_t n = 0;

    for (size_t i = 0; i < comparison->n; i++)
        for (int f = 0; f < DP_RUN_FIGURES; f++)
            if (is_tested(comparison, &comparison->rows[i], f))
                p[n++] = comparison->rows[i].figures[f].p;
    dp_adjust_for_many(p, n);
    n = 0;
    for (size_t i = 0; i < comparison->n; i++)
        for (int f = 0; f < DP_RUN_FIGURES; f++)
            if (is_tested(comparison, &comparison->rows[i], f))
                comparison->rows[i].figures[f].adjusted = p[n++];
    free(p);
}

/* ---- verdicts ---- */

/* One figure that changed, of so many that are tested, could be found with these runs. */
static bool could_find(const struct dp_comparison *comparison, size_t before, size_t after)
{
    return dp_rank_test_least(before, after) <=
           DP_FALSE_DISCOVERIES / (double)comparison->tests;
}

/* The interval becomes narrower with the root of the number of runs. */
static size_t runs_enough(const struct dp_comparison *comparison,
                          const struct dp_compared_figure *figure)
{
    size_t least = comparison->runs_enough;
    size_t now = figure->n_before < figure->n_after ? figure->n_before : figure->n_after;
    double half = log(figure->ratio.high / figure->ratio.low) / 2;
    double off = fabs(log(figure->ratio.value)), limit = log1p(comparison->how.within);

    if (now < least || !isfinite(half))
        return now < least ? least : now + 1;
    double far = off < limit ? limit - off : off; /* from what the interval must not reach */
    double runs = ceil((double)now * pow(half / fmax(far, limit / 10), 2));
    return (size_t)fmin(fmax(runs, (double)now + 1), DP_RUNS_MOST);
}

static enum dp_verdict judge(const struct dp_comparison *comparison,
                             const struct dp_compared_figure *figure, bool percentile)
{
    const struct dp_ratio *ratio = &figure->ratio;
    double limit = 1 + comparison->how.within;
    bool changed = figure->adjusted <= DP_FALSE_DISCOVERIES;
    bool powered = could_find(comparison, figure->n_before, figure->n_after);

    if (percentile && powered &&
        fabs(figure->median_after - figure->median_before) < DP_LEAST_CHANGE_NS)
        return DP_VERDICT_UNCHANGED;
    if (changed && ratio->value >= limit)
        return DP_VERDICT_REGRESSED;
    if (changed && ratio->value <= 1 / limit)
        return DP_VERDICT_IMPROVED;
    if (powered && ratio->low >= 1 / limit && ratio->high <= limit)
        return DP_VERDICT_UNCHANGED;
    return DP_VERDICT_NOT_ENOUGH;
}

static void judge_row(const struct dp_comparison *comparison, struct dp_compared *row)
{
    row->verdict = row->runs_before == 0  ? DP_VERDICT_NEW
                   : row->runs_after == 0 ? DP_VERDICT_GONE
                                          : DP_VERDICT_UNKNOWN;
    for (int f = 0; f < DP_RUN_FIGURES; f++) {
        struct dp_compared_figure *figure = &row->figures[f];
        figure->verdict = DP_VERDICT_UNKNOWN;
        if (!is_tested(comparison, row, f))
            continue;
        figure->verdict = judge(comparison, figure, f != DP_RUN_TOTAL);
        if (figure->verdict < row->verdict)
            row->verdict = figure->verdict;
        if (figure->verdict != DP_VERDICT_NOT_ENOUGH)
            continue;
        figure->runs_enough = runs_enough(comparison, figure);
        if (figure->runs_enough > row->runs_enough)
            row->runs_enough = figure->runs_enough;
    }
}

/* ---- the runs as a whole ---- */

static struct dp_ratio ratio_of_runs(const struct dp_comparison *comparison,
                                     struct dp_estimate (*of)(const struct dp_run *run))
{
    const struct dp_runs *sides[] = {comparison->before, comparison->after};
    double *values[2];
    struct dp_group groups[2];

    for (int s = 0; s < 2; s++) {
        values[s] = dp_allocate(sides[s]->n + 1, sizeof **values);
        groups[s] = (struct dp_group){values[s], 0};
        for (size_t i = 0; i < sides[s]->n; i++) {
            double value = of(&sides[s]->runs[i]).value;
            if (value > 0)
                values[s][groups[s].n++] = value;
        }
    }
    struct dp_ratio ratio = dp_ratio_of_groups(groups[0], groups[1]);
    free(values[0]);
    free(values[1]);
    return ratio;
}

static struct dp_estimate wall_of(const struct dp_run *run)
{
    return run->wall_ns;
}

static struct dp_estimate cpu_of(const struct dp_run *run)
{
    return run->cpu_ns;
}

/* ---- all of it ---- */

static double changed_ns(const struct dp_compared *row)
{
    const struct dp_compared_figure *total = &row->figures[DP_RUN_TOTAL];
    double before = isnan(total->median_before) ? 0 : total->median_before;
    double after = isnan(total->median_after) ? 0 : total->median_after;

    return fabs(after - before);
}

static int by_verdict(const void *a, const void *b)
{
    const struct dp_compared *x = a, *y = b;

    if (x->verdict != y->verdict)
        return x->verdict < y->verdict ? -1 : 1;
    if (changed_ns(x) != changed_ns(y))
        return changed_ns(x) > changed_ns(y) ? -1 : 1;
    return by_function(a, b);
}

void dp_comparison_settle(struct dp_comparison *comparison)
{
    memset(comparison->count, 0, sizeof comparison->count);
    for (size_t i = 0; i < comparison->n; i++)
        comparison->count[comparison->rows[i].verdict]++;
    if (comparison->n > 0)
        qsort(comparison->rows, comparison->n, sizeof *comparison->rows, by_verdict);
}

void dp_compare(struct dp_comparison *comparison, const struct dp_runs *before,
                const struct dp_runs *after, const struct dp_compare_how *how)
{
    *comparison = (struct dp_comparison){.before = before, .after = after, .how = *how};
    comparison->units_before = units_of_all(before, how->per, &comparison->per_found);
    comparison->units_after = units_of_all(after, how->per, &comparison->per_found);
    add_rows(comparison, before);
    add_rows(comparison, after);
    one_row_a_function(comparison);
    for (size_t i = 0; i < comparison->n; i++)
        test_row(comparison, &comparison->rows[i]);
    adjust(comparison);
    if (comparison->tests > 0)
        comparison->runs_enough =
            dp_rank_test_runs(DP_FALSE_DISCOVERIES / (double)comparison->tests);
    for (size_t i = 0; i < comparison->n; i++)
        judge_row(comparison, &comparison->rows[i]);
    comparison->wall = ratio_of_runs(comparison, wall_of);
    comparison->cpu = ratio_of_runs(comparison, cpu_of);
    dp_comparison_settle(comparison);
}

void dp_comparison_finish(struct dp_comparison *comparison)
{
    for (size_t i = 0; i < comparison->n; i++)
        for (int f = 0; f < DP_RUN_FIGURES; f++) {
            free(comparison->rows[i].figures[f].before);
            free(comparison->rows[i].figures[f].after);
        }
    free(comparison->rows);
    free(comparison->units_before);
    free(comparison->units_after);
    *comparison = (struct dp_comparison){0};
}
