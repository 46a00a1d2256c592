/* A report as text for people. */
#ifndef DP_TOOLS_REPORT_TEXT_H
#define DP_TOOLS_REPORT_TEXT_H

#include "model/report.h"
#include "style.h"

void dp_report_text(const struct dp_report *report, const struct dp_style *style);

/* The head and the hot functions: what `top` shows. */
void dp_report_text_short(const struct dp_report *report, const struct dp_style *style);

#endif
