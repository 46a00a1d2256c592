/* Who holds memory, for programs. */
#ifndef DP_TOOLS_HEAP_JSON_H
#define DP_TOOLS_HEAP_JSON_H

#include "json.h"
#include "model/report_heap.h"

/* The member `heap`; nothing where nobody asked for it. */
void dp_json_put_heap(struct dp_json *object, const struct dp_report_heap *heap);

/* KEY, KEY_low and KEY_high: the 95 % confidence interval. */
void dp_json_put_estimate(struct dp_json *object, const char *key, struct dp_estimate estimate);

#endif
