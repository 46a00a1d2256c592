/* The reason of a slow call as JSON: the object `reason` of profiler.slow_operation, of
 * `events` and of `report`. */
#ifndef DP_TOOLS_REASON_JSON_H
#define DP_TOOLS_REASON_JSON_H

#include "json.h"
#include "model/reasons.h"

/* A member "reason" of `object`; null when it is not known. */
void dp_json_put_reason(struct dp_json *object, const struct dp_reason *reason);

/* A member `key`: the frames of a stack, innermost first. */
void dp_json_put_frames(struct dp_json *object, const char *key, const struct dp_stack *stack);

/* Members of `object`: what a blocked thread waits for; and, if somebody is known to hold that,
 * who. */
void dp_json_put_awaited(struct dp_json *object, const struct dp_stack_sample *wait);
void dp_json_put_holder(struct dp_json *object, const struct dp_stack_sample *wait);

#endif
