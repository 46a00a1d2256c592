/* The executive summary as text. */
#ifndef DP_TOOLS_TEXT_SUMMARY_H
#define DP_TOOLS_TEXT_SUMMARY_H

#include "model/report.h"
#include "style.h"

void dp_text_summary(const struct dp_report *report, const struct dp_style *style);

#endif
