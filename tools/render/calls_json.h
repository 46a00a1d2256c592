/* Single calls of a report as JSON: slow ones and why they were slow, and those still open. */
#ifndef DP_TOOLS_CALLS_JSON_H
#define DP_TOOLS_CALLS_JSON_H

#include "json.h"
#include "model/report.h"

/* Members of `object`. `sites` name the calls below a slow one. */
void dp_json_put_slow(struct dp_json *object, const struct dp_report_slow *slow,
                      const struct dp_site_table *sites);
void dp_json_put_reasons(struct dp_json *object, const struct dp_report_reasons *reasons);
void dp_json_put_open(struct dp_json *object, const struct dp_report_open *open);

#endif
