/* The process and its machine over time as JSON: `machine` of a report. */
#ifndef DP_TOOLS_TIMELINE_JSON_H
#define DP_TOOLS_TIMELINE_JSON_H

#include "json.h"
#include "model/timeline.h"

/* Nothing where there is no sample. A figure that is not known has no member. `to_unix_ns`: the
 * wall clock's time at time 0 of the log. */
void dp_json_put_timeline(struct dp_json *object, const struct dp_timeline *timeline,
                          uint64_t to_unix_ns);

#endif
