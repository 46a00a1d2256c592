/*
 * A table for people: columns as wide as their cells, and as many of them as
 * a line has room for.
 *
 * Used by the verbs. Cells are cleaned (clean.h) when they are added.
 */
#ifndef DP_TOOLS_TABLE_H
#define DP_TOOLS_TABLE_H

#include "style.h"

/* Where a text of the column is too wide its end is shown: of a place. */
#define DP_LEFT_END 2

struct dp_column {
    const char *title;
    int left;     /* aligned, true or DP_LEFT_END; else right */
    int priority; /* 0: always shown; else the highest goes first */
};

struct dp_table {
    const struct dp_column *columns;
    size_t n_columns;
    char **cells; /* row by row */
    size_t n_cells;
    size_t capacity;
};

void dp_table_start(struct dp_table *table, const struct dp_column *columns, size_t n_columns);

/* The next cell, left to right, row by row. */
void dp_table_cell(struct dp_table *table, const char *text);
void dp_table_cellf(struct dp_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Columns whose cells are all empty are left out. Where the columns of priority 0 alone
 * are too wide, the widest texts are cut. */
void dp_table_print(const struct dp_table *table, const struct dp_style *style);

/* As a table of Markdown: all columns that have cells, whatever their width. */
void dp_table_markdown(const struct dp_table *table, FILE *out);

void dp_table_finish(struct dp_table *table);

#endif
