/*
 * How output looks: colours, width, and which characters, by where it goes.
 *
 * Used by everything that prints for people. A pipe or file gets no colours and lines of at
 * most 100 columns; COLUMNS, NO_COLOR and TERM=dumb are honoured.
 */
#ifndef DP_TOOLS_STYLE_H
#define DP_TOOLS_STYLE_H

#include <stdbool.h>
#include <stdio.h>

/* The width of a file or a pipe: what fits in an editor and in a mail. */
#define DP_REDIRECTED_COLUMNS 100

struct dp_style {
    FILE *out;
    bool terminal;
    bool color;
    bool utf8;
    bool markdown; /* see markdown.h */
    size_t width; /* columns; 0: no limit */
};

void dp_style_detect(struct dp_style *style, FILE *out);

/* SGR sequences, "" without colours. */
const char *dp_bold(const struct dp_style *style);
const char *dp_dim(const struct dp_style *style);
const char *dp_red(const struct dp_style *style);
const char *dp_green(const struct dp_style *style);
const char *dp_plain(const struct dp_style *style);

/* "Hot functions" as a heading of its own line, with an empty one before. */
void dp_heading(const struct dp_style *style, const char *text);

/* A string from a log, cleaned. */
void dp_print_clean(const struct dp_style *style, const char *text);

#endif
