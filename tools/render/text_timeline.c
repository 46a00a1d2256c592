/* See text_timeline.h. */
#include "text_timeline.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cells.h"

#define BARS 24

char *dp_bars(char *text, const double *values, size_t n, double top, bool utf8)
{
    static const char plain[] = "_.:-=+*#";
    char *at = text;

    for (size_t i = 0; i < n; i++) {
        int level = values[i] > 0 && top > 0 ? (int)(values[i] / top * 7.999) : 0;
        if (isnan(values[i])) {
            *at++ = ' ';
        } else if (utf8) { /* U+2581 to U+2588 */
            *at++ = '\xe2';
            *at++ = '\x96';
            *at++ = (char)(0x81 + (level > 7 ? 7 : level));
        } else {
            *at++ = plain[level > 7 ? 7 : level];
        }
    }
    *at = 0;
    return text;
}

/* In the order of the report. */
static const struct row {
    enum dp_figure figure;
    const char *name;
} rows[] = {
    {DP_FIGURE_CPU, "CPU, of one processor"},
    {DP_FIGURE_RUNNABLE, "waiting for a processor"},
    {DP_FIGURE_THROTTLED, "throttled by its quota"},
    {DP_FIGURE_MACHINE_CPU, "machine: CPU"},
    {DP_FIGURE_RUN_QUEUE, "machine: run queue"},
    {DP_FIGURE_CPU_PRESSURE, "CPU pressure"},
    {DP_FIGURE_MEMORY_PRESSURE, "memory pressure"},
    {DP_FIGURE_IO_PRESSURE, "I/O pressure"},
    {DP_FIGURE_ANONYMOUS, "memory, anonymous"},
    {DP_FIGURE_FILE, "memory of files"},
    {DP_FIGURE_SHARED, "memory, shared"},
    {DP_FIGURE_SWAP, "memory in swap"},
    {DP_FIGURE_HEAP, "heap (brk)"},
    {DP_FIGURE_GROUP_USED, "group: memory"},
    {DP_FIGURE_MACHINE_AVAILABLE, "machine: memory free"},
    {DP_FIGURE_MINOR_FAULTS, "page faults/s"},
    {DP_FIGURE_MAJOR_FAULTS, "faults from disk/s"},
    {DP_FIGURE_VOLUNTARY, "waits/s"},
    {DP_FIGURE_INVOLUNTARY, "preemptions/s"},
    {DP_FIGURE_THREADS, "threads"},
    {DP_FIGURE_THREADS_CREATED, "threads created/s"},
};

static char *value_text(char text[DP_UNIT_TEXT], enum dp_figure figure, double value)
{
    const struct dp_figure_info *info = &dp_figure_infos[figure];

    if (info->unit == DP_FIGURE_BYTES)
        return dp_unit_bytes(text, value);
    if (info->unit == DP_FIGURE_COUNTS)
        return dp_unit_count(text, value);
    return dp_unit_percent(text, value);
}

static void add_row(struct dp_table *table, const struct dp_timeline *timeline,
                    const struct row *row, const struct dp_style *style)
{
    struct dp_figure_summary summary = dp_figure_summary(timeline, row->figure);
    char text[DP_UNIT_TEXT], bars[DP_BARS_BYTES(BARS)];
    double course[BARS];

    if (!summary.known || !(summary.most > 0))
        return;
    dp_timeline_row(timeline, row->figure, course, BARS);
    dp_table_cell(table, row->name);
    dp_table_cell(table, value_text(text, row->figure, summary.least));
    dp_table_cell(table, value_text(text, row->figure, summary.mean));
    dp_table_cell(table, value_text(text, row->figure, summary.most));
    dp_table_cell(table, dp_bars(bars, course, BARS, summary.most, style->utf8));
}

void dp_text_timeline(const struct dp_timeline *timeline, const struct dp_style *style)
{
    static const struct dp_column columns[] = {
        {"", true, 0}, {"min", false, 2}, {"mean", false, 0}, {"max", false, 1}, {"over time", true, 0}};
    char whole[DP_UNIT_TEXT], each[DP_UNIT_TEXT];
    struct dp_table table;

    if (timeline->n < 2)
        return;
    double ns = (double)timeline->samples[timeline->n - 1].time_ns -
                (double)timeline->samples[0].time_ns + (double)timeline->samples[0].interval_ns;
    dp_heading(style, "The process and its machine over time");
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_row(&table, timeline, &rows[i], style);
    dp_table_print(&table, style);
    dp_table_finish(&table);
    fprintf(style->out, "%zu samples over %s: a bar is the mean of %s, the highest is the row's max\n",
            timeline->n, dp_unit_ns(whole, ns, style->utf8),
            dp_unit_ns(each, ns / BARS, style->utf8));
}

static void add_thread(struct dp_table *table, const struct dp_thread_time *thread,
                       const struct dp_style *style)
{
    char share[DP_UNIT_TEXT];

    dp_cell_thread(table, thread->name, thread->tid);
    dp_cell_time(table, style, (double)thread->cpu_ns);
    dp_table_cell(table, dp_unit_percent(share, (double)thread->cpu_ns /
                                                    (double)thread->looked_ns));
    dp_table_cell(table, isnan(thread->last_share) ? ""
                                                   : dp_unit_percent(share, thread->last_share));
    if (thread->wait_known)
        dp_cell_time(table, style, (double)thread->wait_ns);
    else
        dp_table_cell(table, "");
}

void dp_text_threads(const struct dp_timeline *timeline, size_t limit, const struct dp_style *style)
{
    static const struct dp_column columns[] = {{"thread", true, 0},
                                               {"CPU", false, 0},
                                               {"of one processor", false, 0},
                                               {"last", false, 1},
                                               {"waited for a processor", false, 2}};
    size_t n = limit && limit < timeline->n_threads ? limit : timeline->n_threads;
    struct dp_table table;

    if (timeline->n < 2 || n == 0)
        return;
    dp_heading(style, "Threads, by CPU");
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++)
        add_thread(&table, &timeline->threads[i], style);
    dp_table_print(&table, style);
    dp_table_finish(&table);
    if (timeline->n_threads > n)
        fprintf(style->out, "and %zu more (--top 0 shows all)\n", timeline->n_threads - n);
}
