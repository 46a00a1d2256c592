/*
 * A call tree for the terminal: a row a call, indented below its caller. Used by the report, for
 * recorded calls, for samples and for the trees of slow calls.
 */
#ifndef DP_TOOLS_TREE_TEXT_H
#define DP_TOOLS_TREE_TEXT_H

#include "model/tree_rows.h"
#include "style.h"

/* Rows below `least` of the whole are left out, and counted below the tree. Where the terminal
 * does not say how wide it is, lines have at most 80 columns. A function that does nothing but
 * call the next one stands in the same row with it: "main > run > loop". */
void dp_tree_text(const struct dp_tree_rows *rows, double least, const struct dp_style *style);

#endif
