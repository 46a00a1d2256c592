/* See text_sampled.h. */
#include "text_sampled.h"

#include "base/units.h"
#include "cells.h"

static const struct dp_column columns[] = {
    {"self", false, 0},    {"% CPU", false, 0},   {"with callees", false, 0},
    {"% wall", false, 0},  {"function", true, 0}, {"in", DP_LEFT_END, 1}};

static void share_cell(struct dp_table *table, uint64_t part, uint64_t whole)
{
    char text[DP_UNIT_TEXT];

    if (whole > 0)
        dp_table_cell(table, dp_unit_percent(text, (double)part / (double)whole));
    else
        dp_table_cell(table, "");
}

void dp_text_sampled(const struct dp_report *report, const struct dp_style *style)
{
    const struct dp_sampled_functions *sampled = &report->sampled;
    size_t n = report->sampled_shown;
    char looks[DP_UNIT_TEXT];
    struct dp_table table;

    if (n == 0)
        return;
    dp_heading(style, "Hot functions, from samples");
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        const struct dp_sampled_function *one = &sampled->functions[i];
        const struct dp_flame_name *name = &sampled->flame.names[one->name];
        dp_cell_time(&table, style, (double)one->self_cpu_ns);
        share_cell(&table, one->self_cpu_ns, sampled->cpu_ns);
        share_cell(&table, one->cpu_ns, sampled->cpu_ns);
        share_cell(&table, one->wall_ns, sampled->wall_ns);
        dp_table_cell(&table, name->function);
        dp_table_cell(&table, name->module);
    }
    dp_table_print(&table, style);
    dp_table_finish(&table);
    if (sampled->n > n)
        fprintf(style->out, "and %zu more (--top 0 shows all)\n", sampled->n - n);
    fprintf(style->out,
            "estimated from %s samples; `%% CPU`: of their time on a CPU, `%% wall`: of all their "
            "time, waiting too\n",
            dp_unit_count(looks, (double)sampled->looks));
}
