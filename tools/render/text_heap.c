/* See text_heap.h. */
#include "text_heap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cells.h"
#include "reason_words.h"

enum { MOST_ROWS = 10, MOST_FRAMES = 8 };

/* A figure and its error: two cells. */
static void put(struct dp_table *table, const struct dp_heap_row *row, enum dp_heap_figure figure)
{
    const struct dp_estimate *of = &row->of[figure];
    char text[DP_UNIT_TEXT];

    if (row->sums[figure].samples == 0 && figure != DP_HEAP_GROWTH) {
        dp_table_cellf(table, "<%s", dp_unit_bytes(text, of->high));
        dp_table_cell(table, "");
    } else if (figure == DP_HEAP_GROWTH && row->sums[figure].samples == 0) {
        dp_cells_empty(table, 2);
    } else {
        dp_table_cellf(table, "%s%s", of->certainty == DP_EXACT ? "" : "~",
                       dp_unit_bytes(text, of->value));
        dp_table_cell(table, of->certainty == DP_EXACT
                                 ? ""
                                 : dp_unit_bytes(text, (of->high - of->low) / 2));
    }
}

/* The program's own functions, behind the library's function that the innermost of them called:
 * "fopen <- read_config <- main". The caller frees it. */
static char *words_of(const struct dp_stack *stack)
{
    size_t own = stack && stack->n_frames > 0 ? dp_stack_own_frame(stack, 0) : SIZE_MAX;
    char *words, *with = NULL;

    if (!stack || stack->n_frames == 0)
        return strdup("[no stack]");
    words = dp_stack_words(stack, MOST_FRAMES, "");
    if (!words || own == SIZE_MAX || own == 0)
        return words;
    if (asprintf(&with, "%s <- %s", stack->frames[own - 1].function, words) < 0)
        return words;
    free(words);
    return with;
}

static void put_row(struct dp_table *table, const struct dp_heap_row *row, const char *words)
{
    put(table, row, DP_HEAP_AT_END);
    put(table, row, DP_HEAP_AT_PEAK);
    put(table, row, DP_HEAP_GROWTH);
    put(table, row, DP_HEAP_ALLOCATED);
    dp_cell_number(table, row->sums[DP_HEAP_ALLOCATED].samples);
    dp_table_cell(table, words);
}

static void print_table(const struct dp_report_heap *heap, const struct dp_style *style)
{
    static const struct dp_column columns[] = {
        {"at end", false, 0},    {"+/-95%", false, 2}, {"at peak", false, 0}, {"+/-95%", false, 3},
        {"grew", false, 1},      {"+/-95%", false, 2}, {"allocated", false, 0},
        {"+/-95%", false, 4},    {"samples", false, 5}, {"who allocated it", true, 0}};
    struct dp_table table;

    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    put_row(&table, &heap->all, "all");
    for (size_t i = 0; i < heap->n && i < MOST_ROWS; i++) {
        char *words = words_of(heap->rows[i].stack);
        put_row(&table, &heap->rows[i], words ? words : "?");
        free(words);
    }
    dp_table_print(&table, style);
    dp_table_finish(&table);
    if (heap->n > MOST_ROWS)
        fprintf(style->out, "and %zu more stacks (--format=json lists all)\n", heap->n - MOST_ROWS);
}

/* What grew by more than chance: each a line. */
static void print_growth(const struct dp_report_heap *heap, const struct dp_style *style)
{
    char bytes[DP_UNIT_TEXT], least[DP_UNIT_TEXT];

    for (size_t i = 0, shown = 0; i < heap->n && shown < 3; i++) {
        const struct dp_heap_row *row = &heap->rows[i];
        if (!dp_heap_grew(row) || !row->stack)
            continue;
        char *words = dp_stack_words(row->stack, 3, "`");
        fprintf(style->out, "%s%s holds more and more%s: %s in the second half of the run, at "
                            "least %s\n",
                dp_bold(style), words ? words : "?", dp_plain(style),
                dp_unit_bytes(bytes, row->of[DP_HEAP_GROWTH].value),
                dp_unit_bytes(least, row->of[DP_HEAP_GROWTH].low));
        free(words);
        shown++;
    }
}

static void print_moments(const struct dp_report_heap *heap, const struct dp_style *style)
{
    char peak[DP_UNIT_TEXT], from[DP_UNIT_TEXT], to[DP_UNIT_TEXT], young[DP_UNIT_TEXT];

    fprintf(style->out,
            "peak: after %s; growth: from %s to %s, without what was younger than %s then\n",
            dp_unit_ns(peak, (double)heap->peak_after_ns, style->utf8),
            dp_unit_ns(from, (double)heap->from_after_ns, style->utf8),
            dp_unit_ns(to, (double)heap->to_after_ns, style->utf8),
            dp_unit_ns(young, (double)heap->young_ns, style->utf8));
}

static void print_lost(const struct dp_report_heap *heap, const struct dp_style *style)
{
    if (heap->lost_allocations > 0)
        fprintf(style->out, "%sall figures are too low%s: %llu more samples were not kept\n",
                dp_red(style), dp_plain(style), (unsigned long long)heap->lost_allocations);
    if (heap->lost_releases > 0)
        fprintf(style->out,
                "%sof %llu samples it is not known whether they are held%s\n", dp_red(style),
                (unsigned long long)heap->lost_releases, dp_plain(style));
}

void dp_text_heap(const struct dp_report_heap *heap, const struct dp_style *style)
{
    char interval[DP_UNIT_TEXT];

    if (!heap->asked)
        return;
    dp_heading(style, "Who holds memory");
    if (heap->unseen) {
        fputs("not known: malloc is ", style->out);
        dp_print_clean(style, heap->unseen);
        fputc('\n', style->out);
        return;
    }
    if (heap->all.sums[DP_HEAP_ALLOCATED].samples == 0) {
        fputs("no allocation was sampled\n", style->out);
        print_lost(heap, style);
        return;
    }
    fprintf(style->out, "estimated from one allocation for each %s, as the program asked for them\n",
            dp_unit_bytes(interval, (double)heap->interval));
    print_lost(heap, style);
    print_table(heap, style);
    print_growth(heap, style);
    print_moments(heap, style);
}
