/* See table.h. */
#include "table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/memory.h"
#include "markdown.h"

#define GAP 2

/* The greatest width of a column. Wider cells are shown whole all the same. */
#define MOST_COLUMNS 200

/* The longest cell: people read no more in a table. JSON has all of it. */
#define CELL_BYTES 1024

void dp_table_start(struct dp_table *table, const struct dp_column *columns, size_t n_columns)
{
    *table = (struct dp_table){.columns = columns, .n_columns = n_columns};
}

void dp_table_cell(struct dp_table *table, const char *text)
{
    table->cells =
        dp_grow(table->cells, &table->capacity, table->n_cells + 1, sizeof *table->cells);
    char clean[CELL_BYTES];
    table->cells[table->n_cells++] = dp_copy(dp_clean(text, clean, sizeof clean));
}

void dp_table_cellf(struct dp_table *table, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    dp_table_cell(table, text);
}

/* 0: all cells are empty. */
static size_t column_width(const struct dp_table *table, size_t column)
{
    size_t width = 0;

    for (size_t i = column; i < table->n_cells; i += table->n_columns) {
        size_t columns = dp_text_columns(table->cells[i]);
        if (columns > width)
            width = columns < MOST_COLUMNS ? columns : MOST_COLUMNS;
    }
    if (width == 0)
        return 0;
    size_t title = dp_text_columns(table->columns[column].title);
    return title > width ? title : width;
}

static size_t total_width(const struct dp_table *table, const size_t *width)
{
    size_t total = 0;

    for (size_t c = 0; c < table->n_columns; c++)
        total += width[c] ? width[c] + GAP : 0;
    return total ? total - GAP : 0;
}

/* ---- the width ---- */

enum { LEAST_TEXT = 8 };

static size_t at_most(size_t width, size_t most)
{
    return width < most ? width : most;
}

/* The last of the shown columns with the highest priority; SIZE_MAX: none may go. */
static size_t least_wanted(const struct dp_table *table, const size_t *width)
{
    size_t worst = SIZE_MAX;

    for (size_t c = 0; c < table->n_columns; c++)
        if (width[c] && table->columns[c].priority > 0 &&
            (worst == SIZE_MAX || table->columns[c].priority >= table->columns[worst].priority))
            worst = c;
    return worst;
}

/* The widest column of text. */
static size_t widest_text(const struct dp_table *table, const size_t *width)
{
    size_t widest = SIZE_MAX;

    for (size_t c = 0; c < table->n_columns; c++)
        if (table->columns[c].left && (widest == SIZE_MAX || width[c] > width[widest]))
            widest = c;
    return widest;
}

/* What a column has to have in lines of `limit`. One long name must not cost the figures, and the
 * end of a place tells most. */
static size_t needed_of(const struct dp_column *column, size_t width, size_t limit)
{
    if (column->left == DP_LEFT_END)
        return at_most(width, limit / 8);
    return column->left ? at_most(width, 3 * limit / 8) : width;
}

/* Makes the table fit. While it needs too much, columns go, the highest priority first. Then the
 * widest columns of text are cut. */
static void fit(const struct dp_table *table, size_t *width, size_t limit)
{
    size_t *needed = dp_allocate(table->n_columns, sizeof *needed), worst;

    for (size_t c = 0; c < table->n_columns; c++)
        needed[c] = needed_of(&table->columns[c], width[c], limit);
    while (total_width(table, needed) > limit &&
           (worst = least_wanted(table, needed)) != SIZE_MAX)
        needed[worst] = width[worst] = 0;
    free(needed);
    for (size_t all; (all = total_width(table, width)) > limit;) {
        size_t widest = widest_text(table, width);
        if (widest == SIZE_MAX || width[widest] <= LEAST_TEXT)
            return;
        width[widest]--;
    }
}

/* ---- printing ---- */

static void print_cell(const struct dp_table *table, const struct dp_style *style, size_t column,
                       size_t width, const char *text, bool last)
{
    size_t columns = dp_text_columns(text);
    int pad = (int)(columns < width ? width - columns : 0);
    bool left = table->columns[column].left != 0;

    if (left)
        fprintf(style->out, "%s%*s", text, last ? 0 : pad, "");
    else
        fprintf(style->out, "%*s%s", pad, "", text);
}

static const char *cell_text(const struct dp_table *table, char *const *cells, size_t column)
{
    return cells ? cells[column] : table->columns[column].title;
}

/* `cells` NULL: the titles. No blanks at the end of the line. */
static void print_row(const struct dp_table *table, const struct dp_style *style,
                      const size_t *width, char *const *cells)
{
    bool first = true;
    size_t last = 0;

    for (size_t c = 0; c < table->n_columns; c++)
        if (width[c] && *cell_text(table, cells, c))
            last = c;
    for (size_t c = 0; c <= last; c++) {
        if (width[c] == 0)
            continue;
        char *text = dp_copy(cell_text(table, cells, c));
        if (style->width > 0 && table->columns[c].left == DP_LEFT_END)
            dp_text_cut_front(text, width[c], style->utf8);
        else if (style->width > 0)
            dp_text_cut(text, width[c], style->utf8);
        fprintf(style->out, "%*s", first ? 0 : GAP, "");
        print_cell(table, style, c, width[c], text, c == last);
        free(text);
        first = false;
    }
}

/* The table as lines that dp_markdown_convert() knows as Markdown. */
static void print_marked(const struct dp_table *table, const struct dp_style *style)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return;
    dp_table_markdown(table, out);
    fclose(out);
    for (const char *line = text, *end; text && (end = strchr(line, '\n')); line = end + 1)
        fprintf(style->out, "%c%.*s", DP_MARKDOWN_LINE, (int)(end + 1 - line), line);
    fprintf(style->out, "%c\n", DP_MARKDOWN_LINE);
    free(text);
}

void dp_table_print(const struct dp_table *table, const struct dp_style *style)
{
    if (style->markdown) {
        print_marked(table, style);
        return;
    }
    size_t *width = dp_allocate(table->n_columns, sizeof *width);

    for (size_t c = 0; c < table->n_columns; c++)
        width[c] = column_width(table, c);
    if (style->width > 0)
        fit(table, width, style->width);
    fputs(dp_dim(style), style->out);
    print_row(table, style, width, NULL);
    fprintf(style->out, "%s\n", dp_plain(style));
    for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns) {
        print_row(table, style, width, &table->cells[i]);
        fputc('\n', style->out);
    }
    free(width);
}

/* What Markdown or the page around it would take for more than text. */
static void print_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|~#&$@", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_markdown_row(const struct dp_table *table, const size_t *width,
                               char *const *cells, FILE *out)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        if (width[c] == 0)
            continue;
        fputs("| ", out);
        print_escaped(cell_text(table, cells, c), out);
        fputc(' ', out);
    }
    fputs("|\n", out);
}

void dp_table_markdown(const struct dp_table *table, FILE *out)
{
    size_t *width = dp_allocate(table->n_columns, sizeof *width);

    for (size_t c = 0; c < table->n_columns; c++)
        width[c] = column_width(table, c);
    print_markdown_row(table, width, NULL, out);
    for (size_t c = 0; c < table->n_columns; c++)
        if (width[c])
            fputs(table->columns[c].left ? "| :-- " : "| --: ", out);
    fputs("|\n", out);
    for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
        print_markdown_row(table, width, &table->cells[i], out);
    free(width);
}

void dp_table_finish(struct dp_table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct dp_table){0};
}
