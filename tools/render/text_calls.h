/* The tables of single calls of a report; each prints nothing when it has nothing to
 * show. */
#ifndef DP_TOOLS_TEXT_CALLS_H
#define DP_TOOLS_TEXT_CALLS_H

#include "model/report_calls.h"
#include "style.h"

void dp_text_slow(const struct dp_report_slow *slow, const struct dp_style *style);
void dp_text_open(const struct dp_report_open *open, const struct dp_style *style);

#endif
