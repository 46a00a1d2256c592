/* Functions by samples, as text. */
#ifndef DP_TOOLS_TEXT_SAMPLED_H
#define DP_TOOLS_TEXT_SAMPLED_H

#include "model/report.h"
#include "style.h"

void dp_text_sampled(const struct dp_report *report, const struct dp_style *style);

#endif
