/* The tables of functions of a report; each prints nothing when it has no rows. */
#ifndef DP_TOOLS_TEXT_FUNCTIONS_H
#define DP_TOOLS_TEXT_FUNCTIONS_H

#include "model/report_functions.h"
#include "style.h"

/* By inclusive time. */
void dp_text_functions(const struct dp_report_functions *functions, const struct dp_style *style);
void dp_text_memory(const struct dp_report_functions *functions, const struct dp_style *style);
void dp_text_counts(const struct dp_report_functions *functions, const struct dp_style *style);

#endif
