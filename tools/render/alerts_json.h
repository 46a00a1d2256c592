/* The alerts of a report as JSON: `alerts`, an array, empty where there is none. */
#ifndef DP_TOOLS_ALERTS_JSON_H
#define DP_TOOLS_ALERTS_JSON_H

#include "json.h"
#include "model/detector.h"

/* `to_unix_ns`: the wall clock's time at time 0 of the log. */
void dp_json_put_alerts(struct dp_json *object, const struct dp_alerts *alerts, uint64_t to_unix_ns);

#endif
