/* The alerts of a report as text. */
#ifndef DP_TOOLS_TEXT_ALERTS_H
#define DP_TOOLS_TEXT_ALERTS_H

#include "model/report.h"
#include "style.h"

/* Nothing where there is none. */
void dp_text_alerts(const struct dp_report *report, const struct dp_style *style);

#endif
