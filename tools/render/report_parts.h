/* The sections of a report as text; each prints nothing when it has nothing to say,
 * but for load, loss and overhead, which say so. */
#ifndef DP_TOOLS_REPORT_PARTS_H
#define DP_TOOLS_REPORT_PARTS_H

#include "report.h"

void dp_report_slow(const struct dp_profile *profile, const struct dp_style *style);
void dp_report_open(const struct dp_profile *profile, const struct dp_style *style);
void dp_report_memory(const struct dp_report *report, const struct dp_style *style);
void dp_report_counts(const struct dp_report *report, const struct dp_style *style);

void dp_report_not_recorded(const struct dp_profile *profile, const struct dp_style *style);
void dp_report_load(const struct dp_profile *profile, const struct dp_style *style);
void dp_report_loss(const struct dp_profile *profile, const struct dp_style *style);
void dp_report_overhead(const struct dp_profile *profile, const struct dp_style *style);
/* Files that are missing, and what is not known without them. */
void dp_report_notes(const struct dp_profile *profile, const struct dp_style *style);

#endif
