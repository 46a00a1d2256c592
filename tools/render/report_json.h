/* A report as JSON for programs: times are nanoseconds, shares are fractions, null is what
 * is not known. */
#ifndef DP_TOOLS_REPORT_JSON_H
#define DP_TOOLS_REPORT_JSON_H

#include "json.h"
#include "model/report.h"

/* Adds the report's members to `object`. */
void dp_report_json(const struct dp_report *report, struct dp_json *object);

#endif
