/* See text_calls.h. */
#include "text_calls.h"

#include <string.h>

#include "base/clean.h"
#include "base/syscall_names.h"
#include "base/units.h"
#include "cells.h"

/* ---- slow operations ---- */

static const struct dp_column slow_columns[] = {
    {"duration", false, 0}, {"+/-", false, 3},   {"threshold", false, 4},
    {"after", false, 2},    {"thread", true, 3}, {"", true, 1},
    {"function", true, 0},  {"at", DP_LEFT_END, 1},     {"why", true, 2},
    {"metadata", true, 5},
};

enum {
    SLOW_COLUMNS = sizeof slow_columns / sizeof *slow_columns,
    MOST_STEPS = 16, /* lines of one operation */
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

/* Remarks on the call, in addition to its figures. */
static void remark_cell(struct dp_table *table, const struct dp_report_slow_call *call)
{
    if (call->in_flight)
        dp_table_cell(table, "did not return");
    else if (call->leaf && call->depth > 0)
        dp_table_cell(table, "leaf");
    else
        dp_table_cell(table, "");
}

/* The function, indented by the call's depth in its operation, with the number of slow calls in
 * it that are listed elsewhere. Then its place. */
static void step_cells(struct dp_table *table, const struct dp_report_slow_call *call)
{
    char place[4300], number[32] = "", others[64] = "";
    int indent = (int)(call->depth < MOST_STEPS ? call->depth : MOST_STEPS);

    if (!call->info)
        snprintf(number, sizeof number, "site %u", call->site);
    if (call->elsewhere > 0)
        snprintf(others, sizeof others, " (+%llu operation%s)",
                 (unsigned long long)call->elsewhere, call->elsewhere == 1 ? "" : "s");
    dp_table_cellf(table, "%*s%s%s", indent, "", call->info ? call->info->function : number,
                   others);
    dp_table_cell(table, call->info ? dp_site_place(call->info, place, sizeof place) : "?");
}

/* Below the table, in whole sentences. */
static void why_cell(struct dp_table *table, const struct dp_reason *reason)
{
    const char *syscall = reason->main ? dp_syscall_name(reason->main->syscall) : NULL;

    if (!reason->known)
        dp_table_cell(table, "");
    else if (reason->because == DP_BECAUSE_UNSEEN)
        dp_table_cell(table, "not seen");
    else if (reason->because == DP_BECAUSE_BLOCKED && syscall)
        dp_table_cellf(table, "blocked in %s", syscall);
    else
        dp_table_cell(table, reason->because == DP_BECAUSE_BLOCKED    ? "blocked"
                             : reason->because == DP_BECAUSE_RUNNABLE ? "waiting for a CPU"
                                                                      : "on CPU");
}

static void slow_row(struct dp_table *table, const struct dp_style *style,
                     const struct dp_report_slow_call *call)
{
    char duration[DP_UNIT_TEXT];

    dp_table_cellf(table, "%s%s", call->at_least ? ">=" : "",
                   dp_unit_ns(duration, (double)call->duration_ns, style->utf8));
    if (call->error_ns > 0)
        dp_cell_time(table, style, (double)call->error_ns);
    else
        dp_table_cell(table, "");
    dp_cell_time(table, style, (double)call->threshold_ns);
    dp_cell_time(table, style, (double)call->after_ns);
    if (call->depth == 0)
        dp_cell_thread(table, call->thread_name, call->tid);
    else
        dp_table_cell(table, "");
    remark_cell(table, call);
    step_cells(table, call);
    why_cell(table, &call->reason);
    metadata_cell(table, call);
}

static void steps_left_out(struct dp_table *table, size_t n)
{
    dp_cells_empty(table, 6);
    dp_table_cellf(table, "(%zu more calls)", n);
    dp_cells_empty(table, SLOW_COLUMNS - 7);
}

/* For a long operation only the first calls and the leaf. */
static void operation_rows(struct dp_table *table, const struct dp_style *style,
                           const struct dp_report_slow_call *calls, size_t n)
{
    size_t shown = n <= MOST_STEPS ? n : MOST_STEPS - 2, left_out = n - shown, leaf = 0;

    for (size_t i = 0; i < n; i++)
        if (calls[i].leaf)
            leaf = i;
    for (size_t i = 0; i < shown; i++)
        slow_row(table, style, &calls[i]);
    bool apart = leaf >= shown;
    if (left_out > (size_t)apart)
        steps_left_out(table, left_out - apart);
    if (apart)
        slow_row(table, style, &calls[leaf]);
}

static size_t steps_of_operation(const struct dp_report_slow *slow, size_t first)
{
    size_t next = first + 1;

    while (next < slow->n && slow->calls[next].operation == slow->calls[first].operation)
        next++;
    return next - first;
}

static void slow_summary(const struct dp_report_slow *slow, const struct dp_style *style)
{
    fprintf(style->out, "%llu slow call%s counted, %llu of them left an event",
            (unsigned long long)slow->counted, slow->counted == 1 ? "" : "s",
            (unsigned long long)slow->events);
    if (slow->n > 0 && slow->operations != slow->events)
        fprintf(style->out, ", in %zu operation%s", slow->operations,
                slow->operations == 1 ? "" : "s");
    fprintf(style->out, ", %zu shown\n", slow->n_operations);
}

/* Calls that are not counted: so close to the threshold that the tick cannot decide. */
static void print_maybe(const struct dp_report_slow *slow, const struct dp_style *style)
{
    char least[DP_UNIT_TEXT], most[DP_UNIT_TEXT];

    if (slow->maybe == 0)
        return;
    fprintf(style->out, "%llu %s may have been slow: the tick does not tell when they began exactly"
                        " enough, but that they took %s to %s on average\n",
            (unsigned long long)slow->maybe,
            slow->counted > 0 ? "more" : (slow->maybe == 1 ? "call" : "calls"),
            dp_unit_ns(least, slow->maybe_least_ns, style->utf8),
            dp_unit_ns(most, slow->maybe_most_ns, style->utf8));
}

static void suggest_off(const struct dp_report_waiting *waiting, const struct dp_style *style)
{
    char ns[DP_UNIT_TEXT], name[256];

    if (!waiting->info)
        return;
    /* "f.part.0" is a piece of f. */
    const char *function = waiting->info->function;
    int length = (int)strcspn(function, ".");
    snprintf(name, sizeof name, "%.*s", length ? length : (int)strlen(function), function);
    dp_print_clean(style, name);
    fprintf(style->out, " waited: %llu slow calls of %s in all, longer than the process used a CPU.\n",
            (unsigned long long)waiting->calls, dp_unit_ns(ns, (double)waiting->ns, style->utf8));
    fputs("If that is how it waits for work, this rule behind the others leaves it out: ",
          style->out);
    dp_print_clean(style, name);
    fputs(":off\n", style->out);
}

void dp_text_slow(const struct dp_report_slow *slow, const struct dp_style *style)
{
    struct dp_table table;

    if (slow->counted == 0 && slow->maybe == 0)
        return;
    dp_heading(style, "Slow operations, worst first");
    dp_table_start(&table, slow_columns, SLOW_COLUMNS);
    for (size_t i = 0, n; i < slow->n; i += n) {
        n = steps_of_operation(slow, i);
        operation_rows(&table, style, &slow->calls[i], n);
    }
    if (slow->n > 0)
        dp_table_print(&table, style);
    dp_table_finish(&table);
    slow_summary(slow, style);
    suggest_off(&slow->waiting, style);
    print_maybe(slow, style);
}

/* ---- open calls ---- */

static const struct dp_column open_columns[] = {
    {"thread", true, 0},   {"depth", false, 2}, {"open for", false, 1},
    {"function", true, 0}, {"at", DP_LEFT_END, 4},
};

static void open_row(struct dp_table *table, const struct dp_style *style,
                     const struct dp_report_open_call *call)
{
    dp_cell_thread(table, call->thread_name, call->tid);
    dp_table_cellf(table, "%u", call->depth);
    dp_cell_time(table, style, (double)call->open_ns);
    dp_cell_names(table, call->site, call->info);
}

/* For a recursion only the first and the last call. */
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
