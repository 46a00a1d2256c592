/* See ab_text.h. */
#include "ab_text.h"

#include <math.h>

#include "cells.h"
#include "diff_words.h"

#include "base/units.h"

static const char *verdict_of(enum dp_verdict verdict)
{
    switch (verdict) {
    case DP_VERDICT_REGRESSED: return "slower";
    case DP_VERDICT_IMPROVED: return "faster";
    case DP_VERDICT_UNCHANGED: return "the same";
    default: return "not enough data";
    }
}

static void time_cell(struct dp_table *table, const struct dp_style *style, double ns)
{
    if (isnan(ns))
        dp_table_cell(table, "");
    else
        dp_cell_time(table, style, ns);
}

static void figure_row(struct dp_table *table, const struct dp_ab *ab, int f,
                       const struct dp_style *style)
{
    const struct dp_ab_figure *figure = &ab->figures[f];
    char word[DP_DIFF_WORD];

    dp_table_cell(table, dp_ab_figure_names[f]);
    time_cell(table, style, figure->median_a);
    time_cell(table, style, figure->median_b);
    dp_table_cell(table, dp_diff_change(word, figure->ratio.value));
    dp_table_cell(table, dp_diff_interval(word, &figure->ratio));
    dp_table_cellf(table, "%.2g", figure->adjusted);
    dp_table_cellf(table, "%zu", figure->pairs);
    dp_table_cell(table, verdict_of(figure->verdict));
}

static void print_notes(const struct dp_ab *ab, const char *bullet, const struct dp_style *style)
{
    fprintf(style->out, "%s%zu run%s, %llu calls of the first and %llu of the second\n", bullet,
            ab->logs, ab->logs == 1 ? "" : "s", (unsigned long long)ab->calls[0],
            (unsigned long long)ab->calls[1]);
    if (ab->of_runs)
        fprintf(style->out, "%sa pair is a run\n", bullet);
    else
        fprintf(style->out,
                "%sa pair is a stretch of a run: calls of one run are correlated, so that this holds\n"
                "%sfor these runs. %d runs and more say it of the program.\n",
                bullet, *bullet == '-' ? "  " : bullet, DP_AB_LEAST_PAIRS);
}

void dp_ab_text(const struct dp_ab *ab, bool markdown, const struct dp_style *style)
{
    const struct dp_column columns[] = {{"figure", true, 0},   {ab->name[0], false, 1},
                                        {ab->name[1], false, 1}, {"change", false, 0},
                                        {"95 %", false, 2},     {"p", false, 4},
                                        {"pairs", false, 3},    {"verdict", true, 0}};
    struct dp_table table;
    char percent[DP_UNIT_TEXT];

    fputs(markdown ? "### deep-profile: " : dp_bold(style), style->out);
    dp_print_clean(style, ab->name[1]);
    fprintf(style->out, " is %s", verdict_of(ab->figures[DP_AB_P50].verdict));
    if (ab->figures[DP_AB_P50].verdict == DP_VERDICT_UNCHANGED)
        fprintf(style->out, " within %s as ", dp_unit_percent(percent, ab->within));
    else if (ab->figures[DP_AB_P50].verdict >= DP_VERDICT_NOT_ENOUGH)
        fputs(" to tell it from ", style->out);
    else
        fputs(" than ", style->out);
    dp_print_clean(style, ab->name[0]);
    fprintf(style->out, ", by p50%s\n%s", markdown ? "" : dp_plain(style), markdown ? "\n" : "");
    print_notes(ab, markdown ? "- " : "  ", style);
    fputc('\n', style->out);
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (int f = 0; f < DP_AB_FIGURES; f++)
        if (ab->figures[f].pairs > 0)
            figure_row(&table, ab, f, style);
    if (markdown)
        dp_table_markdown(&table, style->out);
    else
        dp_table_print(&table, style);
    dp_table_finish(&table);
}

void dp_ab_json(const struct dp_ab *ab, struct dp_json *object)
{
    dp_json_put_text(object, "a", ab->name[0]);
    dp_json_put_text(object, "b", ab->name[1]);
    dp_json_put_number(object, "within", ab->within, 6);
    dp_json_put_u64(object, "runs", ab->logs);
    dp_json_put_u64(object, "a_calls", ab->calls[0]);
    dp_json_put_u64(object, "b_calls", ab->calls[1]);
    dp_json_put_text(object, "pairs_are", ab->of_runs ? "runs" : "stretches");
    struct dp_json *figures = dp_json_put_object(object, "figures");
    for (int f = 0; f < DP_AB_FIGURES; f++) {
        const struct dp_ab_figure *figure = &ab->figures[f];
        struct dp_json *one = dp_json_put_object(figures, dp_ab_figure_names[f]);
        bool bounded = isfinite(figure->ratio.high) && figure->ratio.low > 0;
        dp_json_put_text(one, "verdict", figure->verdict == DP_VERDICT_REGRESSED  ? "b_slower"
                                         : figure->verdict == DP_VERDICT_IMPROVED ? "b_faster"
                                         : figure->verdict == DP_VERDICT_UNCHANGED
                                             ? "same"
                                             : "not_enough_data");
        dp_json_put_u64(one, "pairs", figure->pairs);
        dp_json_put_number(one, "a_ns", figure->median_a, 1);
        dp_json_put_number(one, "b_ns", figure->median_b, 1);
        dp_json_put_number(one, "ratio", figure->ratio.value, 6);
        dp_json_put_number(one, "ratio_low", bounded ? figure->ratio.low : NAN, 6);
        dp_json_put_number(one, "ratio_high", bounded ? figure->ratio.high : NAN, 6);
        dp_json_put_number(one, "p_adjusted", figure->adjusted, 9);
    }
}
