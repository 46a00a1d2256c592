/* See text_calls.h. */
#include "text_calls.h"

#include "base/clean.h"
#include "cells.h"

/* ---- slow operations ---- */

static const struct dp_column slow_columns[] = {
    {"duration", false, 0}, {"+/-", false, 3},   {"threshold", false, 2},
    {"after", false, 1},    {"thread", true, 2}, {"", true, 1},
    {"function", true, 0},  {"at", true, 4},     {"metadata", true, 3},
};

/* "stage:parse unit:file" */
static void metadata_cell(struct dp_table *table, const struct dp_report_slow_call *call)
{
    char text[1024] = "", clean[3 * sizeof text];
    size_t at = 0;

    for (size_t i = 0; i < call->n_metadata && at < sizeof text; i++) {
        const struct dp_report_metadata *one = &call->metadata[i];
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s:%.*s", i ? " " : "",
                               (int)one->key.length, one->key.text, (int)one->value.length,
                               one->value.text);
    }
    dp_table_cell(table, dp_clean(text, clean, sizeof clean));
}

static void slow_row(struct dp_table *table, const struct dp_style *style,
                     const struct dp_report_slow_call *call)
{
    dp_cell_time(table, style, (double)call->duration_ns);
    if (call->error_ns > 0)
        dp_cell_time(table, style, (double)call->error_ns);
    else
        dp_table_cell(table, "");
    dp_cell_time(table, style, (double)call->threshold_ns);
    dp_cell_time(table, style, (double)call->after_ns);
    dp_cell_thread(table, call->thread_name, call->tid);
    dp_table_cell(table, call->in_flight ? "did not return" : "");
    dp_cell_names(table, call->site, call->info);
    metadata_cell(table, call);
}

void dp_text_slow(const struct dp_report_slow *slow, const struct dp_style *style)
{
    struct dp_table table;

    if (slow->counted == 0)
        return;
    dp_heading(style, "Slow operations, worst first");
    dp_table_start(&table, slow_columns, sizeof slow_columns / sizeof *slow_columns);
    for (size_t i = 0; i < slow->n; i++)
        slow_row(&table, style, &slow->calls[i]);
    if (slow->n > 0)
        dp_table_print(&table, style);
    dp_table_finish(&table);
    fprintf(style->out, "%llu slow call%s counted, %llu of them left an event, %zu shown\n",
            (unsigned long long)slow->counted, slow->counted == 1 ? "" : "s",
            (unsigned long long)slow->events, slow->n);
}

/* ---- open calls ---- */

static const struct dp_column open_columns[] = {
    {"thread", true, 0},   {"depth", false, 2}, {"open for", false, 1},
    {"function", true, 0}, {"at", true, 4},
};

static void open_row(struct dp_table *table, const struct dp_style *style,
                     const struct dp_report_open_call *call)
{
    dp_cell_thread(table, call->thread_name, call->tid);
    dp_table_cellf(table, "%u", call->depth);
    dp_cell_time(table, style, (double)call->open_ns);
    dp_cell_names(table, call->site, call->info);
}

/* Of a recursion the first and the last call. */
static void open_group(struct dp_table *table, const struct dp_style *style,
                       const struct dp_report_open *open, const struct dp_report_open_group *group)
{
    open_row(table, style, &open->calls[group->first]);
    if (group->n == 1)
        return;
    dp_table_cellf(table, "and %zu more of it", group->n - 2);
    dp_cells_empty(table, sizeof open_columns / sizeof *open_columns - 1);
    open_row(table, style, &open->calls[group->first + group->n - 1]);
}

void dp_text_open(const struct dp_report_open *open, const struct dp_style *style)
{
    struct dp_table table;

    if (open->n == 0 && open->forgotten == 0)
        return;
    dp_heading(style, open->running ? "Open calls" : "Open calls at its end");
    dp_table_start(&table, open_columns, sizeof open_columns / sizeof *open_columns);
    for (size_t i = 0; i < open->n_groups; i++)
        open_group(&table, style, open, &open->groups[i]);
    dp_table_print(&table, style);
    dp_table_finish(&table);
    if (open->left_out > 0)
        fprintf(style->out, "and %zu more (--format=json lists all)\n", open->left_out);
    if (open->forgotten > 0)
        fprintf(style->out, "and %llu before them: a thread shows its latest %d\n",
                (unsigned long long)open->forgotten, DP_LANE_FRAMES);
}
