/* The head of a report: what ran, when, and everything that makes the figures below less
 * certain. */
#ifndef DP_TOOLS_TEXT_HEAD_H
#define DP_TOOLS_TEXT_HEAD_H

#include "model/report.h"
#include "style.h"

void dp_text_head(const struct dp_report *report, const struct dp_style *style);

#endif
