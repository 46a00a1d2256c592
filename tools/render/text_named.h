/* Operations, gauges and counts as text. */
#ifndef DP_TOOLS_TEXT_NAMED_H
#define DP_TOOLS_TEXT_NAMED_H

#include "model/report_named.h"
#include "style.h"

/* Nothing where there are none. */
void dp_text_named(const struct dp_report_named *named, const struct dp_style *style);

#endif
