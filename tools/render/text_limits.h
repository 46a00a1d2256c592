/* The sections about what limits a report's figures. Load, loss and overhead also say when
 * there is none; the others print nothing then. */
#ifndef DP_TOOLS_TEXT_LIMITS_H
#define DP_TOOLS_TEXT_LIMITS_H

#include "model/report_limits.h"
#include "style.h"

void dp_text_unrecorded(const struct dp_report_limits *limits, const struct dp_style *style);
void dp_text_load(const struct dp_report_load *load, const struct dp_style *style);
void dp_text_losses(const struct dp_report_losses *losses, const struct dp_style *style);
void dp_text_overhead(const struct dp_report_overhead *overhead, const struct dp_style *style);
void dp_text_governor(const struct dp_report_governor *governor, const struct dp_style *style);
/* Parts of the log that are missing, and what is not known without them. */
void dp_text_missing(unsigned missing, const struct dp_style *style);

#endif
