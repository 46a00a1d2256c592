/* A comparison of runs as JSON: every function, every figure, every run's value. */
#ifndef DP_TOOLS_DIFF_JSON_H
#define DP_TOOLS_DIFF_JSON_H

#include "json.h"
#include "model/compare.h"

void dp_diff_json(const struct dp_comparison *comparison, struct dp_json *object);

#endif
