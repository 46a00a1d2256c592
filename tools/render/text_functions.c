/* See text_functions.h. */
#include "text_functions.h"

#include <math.h>

#include "base/units.h"
#include "cells.h"

/* A table of a ranking, and what one of its rows has. */
struct ranked_table {
    const char *heading;
    const struct dp_column *columns;
    size_t n_columns;
    void (*row)(struct dp_table *table, const struct dp_style *style,
                const struct dp_report_function *function);
};

static void print(const struct ranked_table *ranked, const struct dp_report_ranking *ranking,
                  const struct dp_style *style)
{
    struct dp_table table;

    if (ranking->n == 0)
        return;
    dp_table_start(&table, ranked->columns, ranked->n_columns);
    for (size_t i = 0; i < ranking->n; i++)
        ranked->row(&table, style, ranking->rows[i]);
    dp_heading(style, ranked->heading);
    dp_table_print(&table, style);
    dp_table_finish(&table);
    if (ranking->left_out > 0)
        fprintf(style->out, "and %zu more (--top 0 shows all)\n", ranking->left_out);
}

/* ---- by time ---- */

/* Self time is the first column where it is the order, else one among others: one of the
 * two has no cells. */
static const struct dp_column function_columns[] = {
    {"self", false, 0},
    {"total", false, 0},   {"+/-95%", false, 2}, {"% wall", false, 1},  {"self", false, 3},
    {"calls", false, 1},   {"+/-95%", false, 3}, {"sampled", false, 4}, {"slow", false, 3},
    {"mean", false, 1},    {"min", false, 5},    {"p50", false, 2},     {"p90", false, 5},
    {"p95", false, 6},     {"p99", false, 1},    {"p99.9", false, 6},  {"max", false, 2},     {"stddev", false, 6},
    {"function", true, 0}, {"at", DP_LEFT_END, 1},
};

static const char *certainty_sign(struct dp_estimate estimate)
{
    static const char *const signs[] = {
        [DP_EXACT] = "", [DP_ESTIMATED] = "~", [DP_ROUGH] = "~", [DP_AT_LEAST] = ">="};

    return signs[estimate.certainty];
}

/* Why there is no interval. */
static void no_interval_cell(struct dp_table *table, const struct dp_report_function *function)
{
    unsigned long long sampled = function->sampled;

    if (function->total_ns.certainty != DP_ROUGH)
        dp_table_cell(table, "");
    else if (function->few)
        dp_table_cellf(table, "%llu sample%s", sampled, sampled == 1 ? "" : "s");
    else
        dp_table_cell(table, "uneven");
}

/* The figure, and how far the interval reaches above it. */
static void total_time_cells(struct dp_table *table, const struct dp_style *style,
                             const struct dp_report_function *function)
{
    const struct dp_estimate *ns = &function->total_ns;
    char text[DP_UNIT_TEXT];

    if (ns->certainty == DP_UNKNOWN)
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%s%s", certainty_sign(*ns),
                       dp_unit_ns(text, ns->value, style->utf8));
    if (ns->certainty == DP_ESTIMATED)
        dp_cell_time(table, style, fmax(ns->high - ns->value, ns->value - ns->low));
    else
        no_interval_cell(table, function);
}

static void estimated_count_cells(struct dp_table *table, struct dp_estimate count)
{
    char text[DP_UNIT_TEXT];

    if (count.certainty == DP_UNKNOWN)
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%s%s", certainty_sign(count), dp_unit_count(text, count.value));
    if (count.certainty == DP_ESTIMATED)
        dp_table_cell(table, dp_unit_count(text, count.high - count.value));
    else
        dp_table_cell(table, "");
}

/* Only where calls were timed. */
static void distribution_cells(struct dp_table *table, const struct dp_style *style,
                               const struct dp_report_function *function)
{
    const struct dp_report_times *times = &function->times;

    if (function->sampled == 0) {
        dp_cells_empty(table, 2);
    } else {
        /* The slow calls are known, and chance need not have chosen one of them. */
        if (function->latency.of == DP_LATENCY_OF_WATCHED)
            dp_cell_estimated_time(table, style, function->latency.mean_ns);
        else
            dp_cell_time(table, style, times->mean_ns);
        dp_cell_time(table, style, (double)times->min_ns);
    }
    for (int i = 0; i < DP_PERCENTILES; i++)
        dp_cell_estimated_time(table, style, function->latency.percentile[i]);
    if (function->sampled > 0 || function->longest_ns > 0)
        dp_cell_time(table, style, (double)function->longest_ns);
    else
        dp_table_cell(table, "");
    if (function->sampled > 1)
        dp_cell_time(table, style, times->deviation_ns);
    else
        dp_table_cell(table, "");
}

static void function_row(struct dp_table *table, const struct dp_style *style,
                         const struct dp_report_function *function)
{
    char text[DP_UNIT_TEXT];

    total_time_cells(table, style, function);
    if (isnan(function->share_of_wall))
        dp_table_cell(table, "");
    else
        dp_table_cell(table, dp_unit_percent(text, function->share_of_wall));
    if (isnan(function->self_ns))
        dp_table_cell(table, "");
    else
        dp_cell_time(table, style, function->self_ns);
    estimated_count_cells(table, function->calls);
    dp_cell_count(table, function->sampled);
    dp_cell_count(table, function->slow);
    distribution_cells(table, style, function);
    dp_cell_names(table, function->site, function->info);
}

static void inclusive_row(struct dp_table *table, const struct dp_style *style,
                          const struct dp_report_function *function)
{
    dp_table_cell(table, "");
    function_row(table, style, function);
}

static void self_row(struct dp_table *table, const struct dp_style *style,
                     const struct dp_report_function *function)
{
    struct dp_report_function rest = *function;

    dp_cell_time(table, style, function->self_ns);
    rest.self_ns = NAN;
    function_row(table, style, &rest);
}

/* Why a share is missing. */
static void explain_sums(const struct dp_report_ranking *ranking, const struct dp_style *style)
{
    size_t n = 0;

    for (size_t i = 0; i < ranking->n; i++) {
        const struct dp_report_function *function = ranking->rows[i];
        if (!function->summed)
            continue;
        fputs(n++ > 0 ? ", " : "\n", style->out);
        dp_print_clean(style, function->info ? function->info->function : "?");
    }
    if (n > 0)
        fprintf(style->out,
                " call%s %s again. Which calls were inside another one is not known, so that total "
                "has the time of each.\n",
                n == 1 ? "s" : "", n == 1 ? "itself" : "themselves");
}

void dp_text_functions(const struct dp_report_functions *functions, const struct dp_style *style)
{
    static const struct ranked_table inclusive = {
        "Hot functions, by inclusive time", function_columns,
        sizeof function_columns / sizeof *function_columns, inclusive_row};
    static const struct ranked_table self = {
        "Hot functions, by self time", function_columns,
        sizeof function_columns / sizeof *function_columns, self_row};

    print(functions->by_self ? &self : &inclusive, &functions->timed, style);
    explain_sums(&functions->timed, style);
}

/* ---- memory ---- */

/* Of the two columns of what functions allocate themselves one has no cells, as above. */
static const struct dp_column memory_columns[] = {
    {"self", false, 0},    {"calls", false, 1}, {"delta", false, 0},  {"allocated", false, 1},
    {"self", false, 2},    {"freed", false, 2}, {"allocs", false, 2}, {"frees", false, 3},
    {"peak", false, 1},    {"function", true, 0}, {"at", DP_LEFT_END, 4},
};

static void bytes_cell(struct dp_table *table, const struct dp_report_memory *memory,
                       double bytes)
{
    if (memory->bytes_known)
        dp_cell_bytes(table, bytes);
    else
        dp_table_cell(table, "");
}

static void self_bytes_cell(struct dp_table *table, const struct dp_report_memory *memory)
{
    if (memory->self_known)
        bytes_cell(table, memory, (double)memory->self_allocated_bytes);
    else
        dp_table_cell(table, "");
}

static void memory_cells(struct dp_table *table, const struct dp_report_function *function,
                         bool by_self)
{
    const struct dp_report_memory *memory = &function->memory;

    if (by_self)
        self_bytes_cell(table, memory);
    else
        dp_table_cell(table, "");
    dp_cell_count(table, memory->calls);
    bytes_cell(table, memory, (double)memory->allocated_bytes - (double)memory->freed_bytes);
    bytes_cell(table, memory, (double)memory->allocated_bytes);
    if (by_self)
        dp_table_cell(table, "");
    else
        self_bytes_cell(table, memory);
    bytes_cell(table, memory, (double)memory->freed_bytes);
    dp_cell_number(table, memory->allocations);
    dp_cell_number(table, memory->frees);
    bytes_cell(table, memory, (double)memory->peak_bytes);
    dp_cell_names(table, function->site, function->info);
}

static void memory_row(struct dp_table *table, const struct dp_style *style,
                       const struct dp_report_function *function)
{
    (void)style;
    memory_cells(table, function, false);
}

static void memory_self_row(struct dp_table *table, const struct dp_style *style,
                            const struct dp_report_function *function)
{
    (void)style;
    memory_cells(table, function, true);
}

void dp_text_memory(const struct dp_report_functions *functions, const struct dp_style *style)
{
    static const struct ranked_table all = {"Memory allocated in functions and what they call",
                                            memory_columns,
                                            sizeof memory_columns / sizeof *memory_columns,
                                            memory_row};
    static const struct ranked_table self = {"Memory allocated by functions themselves",
                                             memory_columns,
                                             sizeof memory_columns / sizeof *memory_columns,
                                             memory_self_row};

    print(functions->memory_by_self ? &self : &all, &functions->memory, style);
}

/* ---- exact counts ---- */

static const struct dp_column count_columns[] = {
    {"calls", false, 0}, {"function", true, 0}, {"at", DP_LEFT_END, 4}};

static void count_row(struct dp_table *table, const struct dp_style *style,
                      const struct dp_report_function *function)
{
    (void)style;
    dp_cell_number(table, function->counted);
    dp_cell_names(table, function->site, function->info);
}

void dp_text_counts(const struct dp_report_functions *functions, const struct dp_style *style)
{
    static const struct ranked_table table = {"Exact counts", count_columns,
                                              sizeof count_columns / sizeof *count_columns,
                                              count_row};

    print(&table, &functions->counted, style);
}
