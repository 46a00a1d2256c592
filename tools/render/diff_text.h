/*
 * A comparison of runs for people: as text, or as Markdown to post.
 */
#ifndef DP_TOOLS_DIFF_TEXT_H
#define DP_TOOLS_DIFF_TEXT_H

#include "model/compare.h"
#include "style.h"

/* At most `top` functions of each verdict (0: all); those that did not change only when `all`. */
struct dp_diff_view {
    bool markdown;
    bool all;
    size_t top;
};

void dp_diff_text(const struct dp_comparison *comparison, const struct dp_diff_view *view,
                  const struct dp_style *style);

#endif
