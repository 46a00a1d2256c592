/* Why slow calls were slow: a part of the report for people. */
#ifndef DP_TOOLS_TEXT_REASONS_H
#define DP_TOOLS_TEXT_REASONS_H

#include "model/report_reasons.h"
#include "style.h"

/* A sentence for each cycle. */
void dp_text_deadlocks(const struct dp_deadlocks *deadlocks, const struct dp_style *style);

/* Nothing when no slow call was looked at. */
void dp_text_reasons(const struct dp_report_reasons *reasons, const struct dp_style *style);

#endif
