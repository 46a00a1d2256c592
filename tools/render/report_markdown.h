/* A report as Markdown: the sections of the text, with headings, lists and tables. */
#ifndef DP_TOOLS_REPORT_MARKDOWN_H
#define DP_TOOLS_REPORT_MARKDOWN_H

#include <stdio.h>

#include "model/report.h"

void dp_report_markdown(const struct dp_report *report, FILE *out);

#endif
