/* The flame graphs that functions ask for, in a report as text. */
#ifndef DP_TOOLS_TEXT_PICTURES_H
#define DP_TOOLS_TEXT_PICTURES_H

#include "model/report.h"
#include "style.h"

void dp_text_pictures(const struct dp_report *report, const struct dp_style *style);

#endif
