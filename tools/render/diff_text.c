/* See diff_text.h. */
#include "diff_text.h"

#include <math.h>
#include <string.h>

#include "cells.h"
#include "diff_words.h"
#include "fold.h"

#include "base/units.h"

static const struct dp_column columns[] = {
    {"figure", true, 0},  {"before", false, 1},  {"after", false, 1},    {"change", false, 0},
    {"95 %", false, 2},   {"p", false, 4},       {"runs", false, 2},     {"function", true, 0},
    {"at", true, 3},      {"within", true, 3},   {"runs needed", false, 0}};

static void heading(const struct dp_diff_view *view, const struct dp_style *style, const char *text)
{
    if (view->markdown)
        fprintf(style->out, "\n#### %s\n\n", text);
    else
        dp_heading(style, text);
}

static void time_cell(struct dp_table *table, const struct dp_style *style, double ns,
                      bool estimated)
{
    char text[DP_UNIT_TEXT];

    if (isnan(ns))
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%s%s", estimated ? "~" : "", dp_unit_ns(text, ns, style->utf8));
}

/* How many runs know the figure, where that is not all of them. */
static void runs_cell(struct dp_table *table, const struct dp_comparison *comparison,
                      const struct dp_compared_figure *figure)
{
    if (figure->n_before == comparison->before->n && figure->n_after == comparison->after->n)
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%zu+%zu", figure->n_before, figure->n_after);
}

static void names_cells(struct dp_table *table, const struct dp_compared *row)
{
    const struct dp_run_function *function = row->function;

    dp_table_cell(table, function->function);
    if (strcmp(function->file, DP_RUN_OPERATION) == 0)
        dp_table_cell(table, function->file);
    else if (*function->module)
        dp_table_cellf(table, "%s:%u (%s)", function->file, function->line, function->module);
    else
        dp_table_cellf(table, "%s:%u", function->file, function->line);
    dp_table_cell(table, row->within ? row->within->function : "");
}

static void needed_cell(struct dp_table *table, size_t runs)
{
    if (runs == 0)
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%zu%s", runs, runs >= DP_RUNS_MOST ? " or more" : "");
}

static void figure_row(struct dp_table *table, const struct dp_style *style,
                       const struct dp_comparison *comparison, const struct dp_compared *row,
                       int figure)
{
    const struct dp_compared_figure *of = &row->figures[figure];
    bool estimated = row->estimated && figure == DP_RUN_TOTAL;
    char change[DP_DIFF_WORD], interval[DP_DIFF_WORD];

    dp_table_cell(table, dp_run_figure_names[figure]);
    time_cell(table, style, of->median_before, estimated);
    time_cell(table, style, of->median_after, estimated);
    dp_table_cell(table, dp_diff_change(change, of->ratio.value));
    dp_table_cell(table, dp_diff_interval(interval, &of->ratio));
    if (of->verdict == DP_VERDICT_UNKNOWN)
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%.2g", of->adjusted);
    runs_cell(table, comparison, of);
    names_cells(table, row);
    needed_cell(table, of->runs_enough);
}

/* Whether a figure is among what its function's verdict rests on. */
static bool is_told(const struct dp_compared *row, int figure, bool all)
{
    const struct dp_compared_figure *of = &row->figures[figure];

    if (of->n_before + of->n_after == 0)
        return false;
    if (row->verdict == DP_VERDICT_NEW || row->verdict == DP_VERDICT_GONE)
        return figure == DP_RUN_TOTAL;
    if (all)
        return true;
    if (row->verdict == DP_VERDICT_MOVED)
        return of->verdict == DP_VERDICT_REGRESSED;
    if (row->verdict == DP_VERDICT_NOT_ENOUGH)
        return of->verdict == DP_VERDICT_NOT_ENOUGH && of->runs_enough == row->runs_enough;
    return of->verdict == DP_VERDICT_REGRESSED || of->verdict == DP_VERDICT_IMPROVED;
}

static void tell(const struct dp_comparison *comparison, enum dp_verdict verdict,
                 const struct dp_diff_view *view, const struct dp_style *style)
{
    struct dp_table table;
    size_t functions = 0, shown = 0;

    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < comparison->n; i++) {
        const struct dp_compared *row = &comparison->rows[i];
        if (row->verdict != verdict || (functions++, view->top && shown >= view->top))
            continue;
        bool any = false;
        for (int f = 0; f < DP_RUN_FIGURES; f++)
            if (is_told(row, f, view->all) &&
                !(verdict == DP_VERDICT_NOT_ENOUGH && any && !view->all)) {
                figure_row(&table, style, comparison, row, f);
                any = true;
            }
        shown += any;
    }
    if (shown > 0) {
        char title[80];
        heading(view, style, dp_diff_verdict_title(title, sizeof title, verdict,
                                                   comparison->how.within));
        if (view->markdown)
            dp_table_markdown(&table, style->out);
        else
            dp_table_print(&table, style);
        if (functions > shown && verdict != DP_VERDICT_UNCHANGED)
            fprintf(style->out, "%sand %zu more (--top 0 shows all)\n", view->markdown ? "\n" : "",
                    functions - shown);
    }
    dp_table_finish(&table);
}

static void print(const struct dp_comparison *comparison, const struct dp_diff_view *view,
                  const struct dp_style *style)
{
    static const enum dp_verdict told[] = {DP_VERDICT_REGRESSED, DP_VERDICT_MOVED,
                                           DP_VERDICT_IMPROVED,  DP_VERDICT_NOT_ENOUGH,
                                           DP_VERDICT_NEW,       DP_VERDICT_GONE};
    struct dp_diff_words words;

    dp_diff_words(&words, comparison);
    if (view->markdown)
        fprintf(style->out, "### deep-profile: %s\n\n", words.verdict);
    else
        fprintf(style->out, "%s%s%s\n", dp_bold(style), words.verdict, dp_plain(style));
    for (size_t i = 0; i < words.n_notes; i++) {
        fputs(view->markdown ? "- " : "  ", style->out);
        dp_print_clean(style, words.notes[i]);
        fputc('\n', style->out);
    }
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        tell(comparison, told[i], view, style);
    if (view->all) {
        tell(comparison, DP_VERDICT_UNCHANGED, view, style);
        tell(comparison, DP_VERDICT_UNKNOWN, view, style);
    }
}

void dp_diff_text(const struct dp_comparison *comparison, const struct dp_diff_view *view,
                  const struct dp_style *style)
{
    struct dp_fold fold;

    if (view->markdown) {
        print(comparison, view, style);
        return;
    }
    print(comparison, view, dp_fold_start(&fold, style, 0));
    dp_fold_finish(&fold);
}
