/* See tree_text.h. */
#include "tree_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/memory.h"
#include "base/units.h"
#include "cells.h"

enum {
    NAME_AT = 44,      /* columns of the figures, at most */
    MOST_INDENT = 24,
    LEAST_NAME = 16,
};

static const struct dp_column columns[] = {
    {"total", false, 0}, {"%", false, 0}, {"self", false, 0}, {"calls", false, 0},
    {"function", true, 0}};

struct printer {
    struct dp_table table;
    const struct dp_tree_rows *rows;
    const struct dp_style *style;
    uint64_t least_ns;
    size_t left_out;
};

static bool is_shown(const struct printer *printer, size_t i)
{
    return printer->rows->rows[i].total_ns >= printer->least_ns;
}

/* The row that is the next part of the same line: the only one shown below, with nearly all of the
 * time and as many calls. 0: there is none. */
static size_t folded_into(const struct printer *printer, size_t i)
{
    const struct dp_tree_row *row = &printer->rows->rows[i], *next = row + 1;

    if (i + 1 >= row->end || !is_shown(printer, i + 1) || row->calls != next->calls ||
        row->self_ns > row->total_ns / 100)
        return 0;
    return next->end >= row->end || !is_shown(printer, next->end) ? i + 1 : 0;
}

static void name_of(const struct dp_tree_row *row, char *text, size_t size)
{
    char raw[256];

    if (row->function)
        snprintf(raw, sizeof raw, "%.250s", row->function);
    else
        snprintf(raw, sizeof raw, "site %u", row->site);
    dp_clean(raw, text, size);
}

/* Cuts a cleaned text to so many columns. */
static void cut(char *text, size_t room)
{
    size_t shown = 0, at = 0;

    if (dp_text_columns(text) <= room)
        return;
    for (; text[at] && shown + 3 <= room; at++)
        shown += ((unsigned char)text[at + 1] & 0xc0) != 0x80;
    memcpy(text + at, "..", 3);
}

/* Of a long chain the first functions and the last. */
static void chain_text(const struct printer *printer, size_t first, size_t last, char *text,
                       size_t size, size_t room)
{
    char names[4096] = "", tail[800];
    size_t at = 0, hidden = 0;

    name_of(&printer->rows->rows[last], tail, sizeof tail);
    for (size_t i = first; i < last; i++) {
        char one[800];
        name_of(&printer->rows->rows[i], one, sizeof one);
        size_t more = strlen(one) + 3;
        if (hidden > 0 || at + more + strlen(tail) + 14 > room || at + more >= sizeof names)
            hidden++;
        else
            at += (size_t)snprintf(names + at, sizeof names - at, "%s > ", one);
    }
    if (hidden > 0)
        snprintf(text, size, "%s(%zu more) > %s", names, hidden, tail);
    else
        snprintf(text, size, "%s%s", names, tail);
    cut(text, room);
}

static void row_cells(struct printer *printer, size_t first, size_t last, uint32_t depth)
{
    const struct dp_tree_row *row = &printer->rows->rows[first], *end = &printer->rows->rows[last];
    size_t width = printer->style->width ? printer->style->width : DP_REDIRECTED_COLUMNS;
    size_t indent = depth < MOST_INDENT ? depth : MOST_INDENT, before = NAME_AT + indent;
    size_t room = width > before + LEAST_NAME ? width - before : LEAST_NAME;
    char percent[DP_UNIT_TEXT], text[6000];

    dp_cell_time(&printer->table, printer->style, (double)row->total_ns);
    dp_table_cell(&printer->table,
                  dp_unit_percent(percent, (double)row->total_ns / (double)printer->rows->whole_ns));
    dp_cell_time(&printer->table, printer->style, (double)end->self_ns);
    dp_cell_count(&printer->table, row->calls);
    chain_text(printer, first, last, text, sizeof text, room);
    dp_table_cellf(&printer->table, "%*s%s", (int)indent, "", text);
}

static void add_rows(struct printer *printer)
{
    const struct dp_tree_rows *rows = printer->rows;
    uint32_t *line_depth = dp_allocate(rows->n + 1, sizeof *line_depth); /* of each depth */

    for (size_t i = 0, next; i < rows->n; i = next) {
        size_t last = i, more;
        uint32_t depth = rows->rows[i].depth, at = depth > 0 ? line_depth[depth - 1] + 1 : 0;
        next = i + 1;
        if (!is_shown(printer, i)) {
            printer->left_out += rows->rows[i].end - i;
            next = rows->rows[i].end;
            continue;
        }
        while ((more = folded_into(printer, last)) != 0)
            last = more;
        for (size_t j = i; j <= last; j++)
            line_depth[rows->rows[j].depth] = at;
        row_cells(printer, i, last, at);
        next = last + 1;
    }
    free(line_depth);
}

void dp_tree_text(const struct dp_tree_rows *rows, double least, const struct dp_style *style)
{
    struct printer printer = {.rows = rows,
                              .style = style,
                              .least_ns = (uint64_t)(least * (double)rows->whole_ns)};
    char share[DP_UNIT_TEXT];

    dp_table_start(&printer.table, columns, sizeof columns / sizeof *columns);
    add_rows(&printer);
    if (printer.table.n_cells > 0)
        dp_table_print(&printer.table, style);
    dp_table_finish(&printer.table);
    if (printer.left_out > 0)
        fprintf(style->out, "and %zu more below %s each\n", printer.left_out,
                dp_unit_percent(share, least));
}
