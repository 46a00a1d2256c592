/* See diff_json.h. */
#include "diff_json.h"

#include <math.h>

#include "diff_words.h"

static void put_runs(struct dp_json *object, const char *key, const struct dp_runs *runs)
{
    struct dp_json *array = dp_json_put_array(object, key);

    for (size_t i = 0; i < runs->n; i++) {
        const struct dp_run *run = &runs->runs[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "log", run->name);
        dp_json_put_text(one, "program", run->program);
        dp_json_put_u64(one, "processes", run->processes);
        dp_json_put_bool(one, "finished", run->whole);
        dp_json_put_number(one, "wall_ns", run->wall_ns.value, 0);
        dp_json_put_number(one, "cpu_ns", run->cpu_ns.value, 0);
    }
}

static void put_ratio(struct dp_json *object, const struct dp_ratio *ratio)
{
    bool bounded = isfinite(ratio->high) && ratio->low > 0;

    dp_json_put_number(object, "ratio", ratio->value, 6);
    dp_json_put_number(object, "ratio_low", bounded ? ratio->low : NAN, 6);
    dp_json_put_number(object, "ratio_high", bounded ? ratio->high : NAN, 6);
}

static void put_values(struct dp_json *object, const char *key, const double *values, size_t n)
{
    struct dp_json *array = dp_json_put_array(object, key);

    for (size_t i = 0; i < n; i++)
        dp_json_put_number(array, NULL, values[i], 1);
}

static void put_figure(struct dp_json *object, const struct dp_comparison *comparison,
                       const struct dp_compared_figure *figure)
{
    bool tested = figure->verdict != DP_VERDICT_UNKNOWN;

    dp_json_put_text(object, "verdict", dp_verdict_name(figure->verdict));
    dp_json_put_number(object, "before_ns", figure->median_before, 1);
    dp_json_put_number(object, "after_ns", figure->median_after, 1);
    put_ratio(object, &figure->ratio);
    dp_json_put_number(object, "p", tested ? figure->p : NAN, 9);
    dp_json_put_number(object, "p_adjusted", tested ? figure->adjusted : NAN, 9);
    if (figure->runs_enough > 0)
        dp_json_put_u64(object, "runs_needed", figure->runs_enough);
    put_values(object, "before", figure->before, comparison->before->n);
    put_values(object, "after", figure->after, comparison->after->n);
}

static void put_row(struct dp_json *object, const struct dp_comparison *comparison,
                    const struct dp_compared *row)
{
    dp_json_put_text(object, "function", row->function->function);
    dp_json_put_text(object, "file", row->function->file);
    dp_json_put_u64(object, "line", row->function->line);
    dp_json_put_text(object, "module", row->function->module);
    dp_json_put_text(object, "verdict", dp_verdict_name(row->verdict));
    if (row->within)
        dp_json_put_text(object, "moved_within", row->within->function);
    if (row->runs_enough > 0)
        dp_json_put_u64(object, "runs_needed", row->runs_enough);
    dp_json_put_bool(object, "estimated", row->estimated);
    struct dp_json *figures = dp_json_put_object(object, "figures");
    for (int f = 0; f < DP_RUN_FIGURES; f++)
        put_figure(dp_json_put_object(figures, dp_run_figure_names[f]), comparison,
                   &row->figures[f]);
}

void dp_diff_json(const struct dp_comparison *comparison, struct dp_json *object)
{
    dp_json_put_number(object, "within", comparison->how.within, 6);
    dp_json_put_number(object, "false_discoveries", DP_FALSE_DISCOVERIES, 6);
    dp_json_put_text(object, "per", comparison->how.per);
    dp_json_put_u64(object, "tests", comparison->tests);
    dp_json_put_u64(object, "runs_needed", comparison->runs_enough);
    put_ratio(dp_json_put_object(object, "wall"), &comparison->wall);
    put_ratio(dp_json_put_object(object, "cpu"), &comparison->cpu);
    struct dp_json *count = dp_json_put_object(object, "count");
    for (int v = 0; v < DP_VERDICTS; v++)
        dp_json_put_u64(count, dp_verdict_name(v), comparison->count[v]);
    put_runs(object, "before", comparison->before);
    put_runs(object, "after", comparison->after);
    struct dp_json *functions = dp_json_put_array(object, "functions");
    for (size_t i = 0; i < comparison->n; i++)
        put_row(dp_json_add_object(functions), comparison, &comparison->rows[i]);
}
