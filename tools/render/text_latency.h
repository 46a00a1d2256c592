/* How long the calls of functions took, with bounds and categories, as text. */
#ifndef DP_TOOLS_TEXT_LATENCY_H
#define DP_TOOLS_TEXT_LATENCY_H

#include "model/report.h"
#include "style.h"

/* Of the functions that had calls of other categories than the first. */
void dp_text_categories(const struct dp_report *report, const struct dp_style *style);

/* The percentiles of all functions, and how exact each is. */
void dp_text_percentiles(const struct dp_report *report, const struct dp_style *style);

#endif
