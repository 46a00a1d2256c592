/* See run.h. */
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const dp_run_figure_names[DP_RUN_FIGURES] = {"p50", "p99", "total"};

int dp_run_function_order(const struct dp_run_function *a, const struct dp_run_function *b)
{
    int order = strcmp(a->function, b->function);

    if (order == 0)
        order = strcmp(a->file, b->file);
    return order ? order : strcmp(a->module, b->module);
}

static int by_name(const void *a, const void *b)
{
    return dp_run_function_order(a, b);
}

const struct dp_run_function *dp_run_find(const struct dp_run *run,
                                          const struct dp_run_function *like)
{
    if (run->n == 0)
        return NULL;
    return bsearch(like, run->functions, run->n, sizeof *run->functions, by_name);
}

struct dp_estimate dp_estimate_sum(struct dp_estimate a, struct dp_estimate b)
{
    struct dp_estimate sum = {a.value + b.value, 0, 0,
                              a.certainty > b.certainty ? a.certainty : b.certainty};

    if (sum.certainty == DP_UNKNOWN)
        return (struct dp_estimate){NAN, NAN, NAN, DP_UNKNOWN};
    /* The errors of two samples are independent. */
    sum.low = sum.value - hypot(a.value - a.low, b.value - b.low);
    sum.high = sum.value + hypot(a.high - a.value, b.high - b.value);
    return sum;
}

void dp_run_pool(struct dp_totals *pooled, const struct dp_totals *part)
{
    if (part->watched_ns != pooled->watched_ns) /* what is known of both is what was sampled */
        pooled->watched_ns = 0;
    pooled->watched_error_ns = fmax(pooled->watched_error_ns, part->watched_error_ns);
    pooled->watched_missing_ns += part->watched_missing_ns;
    dp_totals_add(pooled, &part->sum);
    dp_histogram_add_all(&pooled->histogram, &part->histogram);
    dp_histogram_add_all(&pooled->slow_least, &part->slow_least);
    dp_histogram_add_all(&pooled->slow_most, &part->slow_most);
}

static void function_finish(struct dp_run_function *function)
{
    free(function->module);
    free(function->function);
    free(function->file);
    dp_totals_finish(&function->pooled);
}

static void function_add(struct dp_run_function *sum, struct dp_run_function *part)
{
    sum->estimated |= part->estimated;
    sum->calls = dp_estimate_sum(sum->calls, part->calls);
    for (int f = 0; f < DP_RUN_FIGURES; f++)
        sum->figures[f] = dp_estimate_sum(sum->figures[f], part->figures[f]);
    dp_run_pool(&sum->pooled, &part->pooled);
    function_finish(part);
}

void dp_run_settle(struct dp_run *run)
{
    size_t n = 0;

    if (run->n > 0)
        qsort(run->functions, run->n, sizeof *run->functions, by_name);
    for (size_t i = 0; i < run->n; i++) {
        if (n > 0 && by_name(&run->functions[n - 1], &run->functions[i]) == 0)
            function_add(&run->functions[n - 1], &run->functions[i]);
        else
            run->functions[n++] = run->functions[i];
    }
    run->n = n;
}

void dp_run_finish(struct dp_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        function_finish(&run->functions[i]);
    free(run->functions);
    free(run->name);
    free(run->program);
    *run = (struct dp_run){0};
}

void dp_runs_finish(struct dp_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++)
        dp_run_finish(&runs->runs[i]);
    free(runs->runs);
    *runs = (struct dp_runs){0};
}
