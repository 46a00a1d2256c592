/* Percentiles and categories as JSON. */
#ifndef DP_TOOLS_LATENCY_JSON_H
#define DP_TOOLS_LATENCY_JSON_H

#include "json.h"
#include "model/latency.h"

/* The member "latency"; none where no time is known. */
void dp_latency_json(struct dp_json *object, const struct dp_latency *latency);

#endif
