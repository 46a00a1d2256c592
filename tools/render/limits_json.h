/* What limits a report's figures, as JSON: what is not recorded, load, loss, overhead. */
#ifndef DP_TOOLS_LIMITS_JSON_H
#define DP_TOOLS_LIMITS_JSON_H

#include "json.h"
#include "model/report_limits.h"

void dp_json_put_limits(struct dp_json *object, const struct dp_report_limits *limits);

#endif
