/* See text_named.h. */
#include "text_named.h"

#include <math.h>

#include "base/units.h"
#include "cells.h"

static size_t shown(const struct dp_report_named *named, size_t n)
{
    return named->limit && named->limit < n ? named->limit : n;
}

static void print(struct dp_table *table, const struct dp_style *style, size_t left_out)
{
    dp_table_print(table, style);
    dp_table_finish(table);
    if (left_out > 0)
        fprintf(style->out, "and %zu more (--top 0 shows all)\n", left_out);
}

static void per_second_cell(struct dp_table *table, double per_second)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, isnan(per_second) ? "" : dp_unit_count(text, per_second));
}

/* ---- operations ---- */

static const struct dp_column operation_columns[] = {
    {"total", false, 0}, {"times", false, 0}, {"per s", false, 4}, {"mean", false, 1},
    {"min", false, 5},   {"p50", false, 1},   {"p90", false, 3},   {"p99", false, 0},
    {"p99.9", false, 4}, {"max", false, 0},   {"stddev", false, 6}, {"open", false, 2},
    {"operation", true, 0}};

static void operation_times(struct dp_table *table, const struct dp_style *style,
                            const struct dp_report_operation *operation)
{
    const struct dp_report_times *of = &operation->of;
    const struct dp_estimate *p = operation->latency.percentile;
    const double times[] = {of->mean_ns,      (double)of->min_ns, p[DP_P50].value,   p[DP_P90].value,
                            p[DP_P99].value, p[DP_P999].value,   (double)of->max_ns};

    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (operation->times > 0)
            dp_cell_time(table, style, times[i]);
        else
            dp_table_cell(table, "");
    if (operation->times > 1)
        dp_cell_time(table, style, of->deviation_ns);
    else
        dp_table_cell(table, "");
}

static void print_operations(const struct dp_report_named *named, const struct dp_style *style)
{
    size_t n = shown(named, named->n_operations);
    struct dp_table table;

    if (n == 0)
        return;
    dp_heading(style, "Operations");
    dp_table_start(&table, operation_columns, sizeof operation_columns / sizeof *operation_columns);
    for (size_t i = 0; i < n; i++) {
        const struct dp_report_operation *operation = &named->operations[i];
        dp_cell_time(&table, style, (double)operation->total_ns);
        dp_cell_number(&table, operation->times);
        per_second_cell(&table, operation->per_second);
        operation_times(&table, style, operation);
        dp_cell_count(&table, operation->open);
        dp_table_cell(&table, operation->name);
    }
    print(&table, style, named->n_operations - n);
}

/* ---- gauges ---- */

static const struct dp_column gauge_columns[] = {
    {"last", false, 0},  {"level", true, 0},   {"least", false, 3},     {"mean", false, 2},
    {"p50", false, 3},   {"p99", false, 1},    {"greatest", false, 0},  {"% light", false, 4},
    {"% busy", false, 2}, {"% overloaded", false, 1}, {"set", false, 3}, {"gauge", true, 0}};

static void print_gauges(const struct dp_report_named *named, const struct dp_style *style)
{
    size_t n = shown(named, named->n_gauges);
    char text[DP_UNIT_TEXT];
    struct dp_table table;

    if (n == 0)
        return;
    dp_heading(style, "Gauges");
    dp_table_start(&table, gauge_columns, sizeof gauge_columns / sizeof *gauge_columns);
    for (size_t i = 0; i < n; i++) {
        const struct dp_report_gauge *gauge = &named->gauges[i];
        dp_table_cellf(&table, "%lld", (long long)gauge->last);
        dp_table_cell(&table, dp_level_name(gauge->level));
        dp_table_cellf(&table, "%lld", (long long)gauge->least);
        dp_table_cellf(&table, "%.3g", gauge->mean);
        dp_table_cellf(&table, "%.0f", gauge->p50);
        dp_table_cellf(&table, "%.0f", gauge->p99);
        dp_table_cellf(&table, "%lld", (long long)gauge->greatest);
        for (int level = DP_LEVEL_LIGHT; level < DP_LEVEL_COUNT; level++)
            dp_table_cell(&table, dp_unit_percent(text, gauge->shares[level]));
        dp_cell_number(&table, gauge->sets);
        dp_table_cell(&table, gauge->name);
    }
    print(&table, style, named->n_gauges - n);
}

/* ---- counts ---- */

static const struct dp_column kind_columns[] = {
    {"count", false, 0}, {"per s", false, 1}, {"kind", true, 0}};

static void print_kinds(const struct dp_report_named *named, const struct dp_style *style)
{
    size_t n = shown(named, named->n_kinds);
    struct dp_table table;

    if (n == 0)
        return;
    dp_heading(style, "Counts");
    dp_table_start(&table, kind_columns, sizeof kind_columns / sizeof *kind_columns);
    for (size_t i = 0; i < n; i++) {
        dp_cell_number(&table, named->kinds[i].count);
        per_second_cell(&table, named->kinds[i].per_second);
        dp_table_cell(&table, named->kinds[i].name);
    }
    print(&table, style, named->n_kinds - n);
}

void dp_text_named(const struct dp_report_named *named, const struct dp_style *style)
{
    print_operations(named, style);
    print_gauges(named, style);
    print_kinds(named, style);
}
