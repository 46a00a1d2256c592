/* See text_latency.h. */
#include "text_latency.h"

#include <math.h>

#include "base/units.h"
#include "cells.h"

/* ---- categories ---- */

static const struct dp_column category_columns[] = {
    {"fast", false, 1},     {"slow", false, 0},     {"very slow", false, 0},
    {"critical", false, 0}, {"function", true, 0},  {"at", DP_LEFT_END, 4},
};

/* "12 (0.4 %)"; a bound where none was seen in a sample. */
static void category_cell(struct dp_table *table, const struct dp_category_calls *category)
{
    char count[DP_UNIT_TEXT], share[DP_UNIT_TEXT] = "";
    const struct dp_estimate *calls = &category->calls;

    if (calls->certainty == DP_UNKNOWN) {
        dp_table_cell(table, "?");
    } else if (calls->high == 0) {
        dp_table_cell(table, "0");
    } else if (calls->certainty == DP_ESTIMATED && calls->value < 0.5) {
        dp_table_cellf(table, "<=%s", dp_unit_count(count, calls->high));
    } else {
        if (!isnan(category->share))
            dp_unit_percent(share, category->share);
        dp_table_cellf(table, *share ? "%s%s (%s)" : "%s%s",
                       calls->certainty == DP_EXACT      ? ""
                       : calls->certainty == DP_AT_LEAST ? ">="
                                                         : "~",
                       dp_unit_count(count, calls->value), share);
    }
}

static bool is_slow_at_times(const struct dp_latency *latency)
{
    for (int i = DP_SLOW; i < DP_CATEGORIES; i++)
        if (latency->of != DP_LATENCY_OF_NONE && latency->category[i].calls.value >= 0.5)
            return true;
    return false;
}

static void print_limits(const struct dp_category_limits *limits, const struct dp_style *style)
{
    char from[DP_UNIT_TEXT];

    for (int i = DP_SLOW; i < DP_CATEGORIES; i++)
        fprintf(style->out, "%s%s from %s", i == DP_SLOW ? "" : ", ",
                dp_category_name((enum dp_category)i),
                dp_unit_ns(from, (double)limits->from_ns[i - 1], style->utf8));
    fputs(" on\n", style->out);
}

void dp_text_categories(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_ranking *ranking = &report->functions.timed;
    struct dp_table table;
    size_t rows = 0;

    dp_table_start(&table, category_columns, sizeof category_columns / sizeof *category_columns);
    for (size_t i = 0; i < ranking->n; i++) {
        const struct dp_report_function *function = ranking->rows[i];
        if (!is_slow_at_times(&function->latency))
            continue;
        for (int c = 0; c < DP_CATEGORIES; c++)
            category_cell(&table, &function->latency.category[c]);
        dp_cell_names(&table, function->site, function->info);
        rows++;
    }
    if (rows > 0) {
        dp_heading(style, "Calls by latency");
        dp_table_print(&table, style);
        print_limits(&report->categories, style);
    }
    dp_table_finish(&table);
}

/* ---- percentiles ---- */

static const struct dp_column percentile_columns[] = {
    {"p50", false, 0},   {"+/-", false, 3}, {"p90", false, 2},  {"+/-", false, 3},
    {"p95", false, 1},   {"+/-", false, 3}, {"p99", false, 0},  {"+/-", false, 3},
    {"p99.9", false, 0}, {"+/-", false, 3}, {"mean", false, 2}, {"stddev", false, 3},
    {"from", true, 1},   {"function", true, 0},
};

static void error_cell(struct dp_table *table, const struct dp_style *style,
                       struct dp_estimate ns)
{
    char percent[DP_UNIT_TEXT];
    double off = fmax(ns.high - ns.value, ns.value - ns.low);

    if (ns.certainty == DP_UNKNOWN || !isfinite(off))
        dp_table_cell(table, "");
    else if (ns.certainty == DP_EXACT)
        dp_table_cell(table, off > 0 ? dp_unit_percent(percent, off / ns.value) : "0 %");
    else
        dp_cell_time(table, style, off);
}

static const char *source_name(enum dp_latency_of of)
{
    static const char *const names[] = {[DP_LATENCY_OF_NONE] = "",
                                        [DP_LATENCY_OF_EVERY] = "every call",
                                        [DP_LATENCY_OF_SAMPLES] = "samples",
                                        [DP_LATENCY_OF_WATCHED] = "samples, all slow calls",
                                        [DP_LATENCY_OF_SLOW_ONLY] = "slow calls"};

    return names[of];
}

static void percentile_row(struct dp_table *table, const struct dp_style *style,
                           const struct dp_report_function *function)
{
    const struct dp_latency *latency = &function->latency;

    for (int i = 0; i < DP_PERCENTILES; i++) {
        dp_cell_estimated_time(table, style, latency->percentile[i]);
        error_cell(table, style, latency->percentile[i]);
    }
    dp_cell_estimated_time(table, style, latency->mean_ns);
    if (isnan(latency->deviation_ns))
        dp_table_cell(table, "");
    else
        dp_cell_time(table, style, latency->deviation_ns);
    dp_table_cellf(table, "%s%s", source_name(latency->of),
                   latency->partial ? ", gate open" : "");
    dp_table_cell(table, function->info ? function->info->function : "?");
}

void dp_text_percentiles(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_report_ranking *ranking = &report->functions.timed;
    struct dp_table table;
    size_t rows = 0;

    dp_table_start(&table, percentile_columns,
                   sizeof percentile_columns / sizeof *percentile_columns);
    for (size_t i = 0; i < ranking->n; i++) {
        const struct dp_report_function *function = ranking->rows[i];
        if (function->latency.of == DP_LATENCY_OF_NONE ||
            function->latency.of == DP_LATENCY_OF_SLOW_ONLY)
            continue;
        percentile_row(&table, style, function);
        rows++;
    }
    if (rows > 0) {
        dp_heading(style, "Percentiles, and how exact they are");
        dp_table_print(&table, style);
        fputs("~ is an estimate from samples, whose error holds with 95 % confidence; of >= no upper "
              "bound is known\n",
              style->out);
    }
    dp_table_finish(&table);
}
