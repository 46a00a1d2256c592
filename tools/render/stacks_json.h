/* Where all threads are, as JSON. */
#ifndef DP_TOOLS_STACKS_JSON_H
#define DP_TOOLS_STACKS_JSON_H

#include "json.h"
#include "model/snapshot.h"

void dp_json_put_stacks(const struct dp_snapshot *snapshot, struct dp_json *object);

#endif
