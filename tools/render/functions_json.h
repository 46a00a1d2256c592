/* The functions of a report as JSON: counts, times, memory. */
#ifndef DP_TOOLS_FUNCTIONS_JSON_H
#define DP_TOOLS_FUNCTIONS_JSON_H

#include "json.h"
#include "model/report.h"

/* A member "functions" of `object`. */
void dp_json_put_functions(struct dp_json *object, const struct dp_report_ranking *ranking);

#endif
