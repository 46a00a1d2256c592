/*
 * Breaks lines that are wider than the output, between words.
 *
 * Whoever prints for people prints into a fold, which passes on what fits. A word is never
 * broken: one that is too wide has a line of its own. A `name in backquotes` and a number
 * with its unit stay together where there is room; a list of rules may end a line behind a semicolon.
 * Colours have no width. Lines that are Markdown already (markdown.h) stay as they are.
 */
#ifndef DP_TOOLS_FOLD_H
#define DP_TOOLS_FOLD_H

#include "style.h"

struct dp_fold {
    const struct dp_style *to;
    struct dp_style inner;
    size_t hang;
    char *text;
    size_t bytes;
};

/* The style to print with until dp_fold_finish(), which prints into `style`. Further lines of a
 * broken one are indented by `hang`; 0: by two more than the line is. */
const struct dp_style *dp_fold_start(struct dp_fold *fold, const struct dp_style *style,
                                     size_t hang);

void dp_fold_finish(struct dp_fold *fold);

#endif
