/* The call tree of a report, as text. */
#ifndef DP_TOOLS_TEXT_TREE_H
#define DP_TOOLS_TEXT_TREE_H

#include "model/report.h"
#include "style.h"

/* Leaves out what took less than a two-hundredth of the time. */
void dp_text_tree(const struct dp_report_tree *tree, const struct dp_style *style);

/* The trees of strategy=call_graph and time: of the slowest calls, and added up. */
void dp_text_below(const struct dp_report_below *below, const struct dp_report_slow *slow,
                   const struct dp_style *style);

#endif
