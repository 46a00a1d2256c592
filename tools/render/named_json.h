/* Operations, gauges and counts as JSON. */
#ifndef DP_TOOLS_NAMED_JSON_H
#define DP_TOOLS_NAMED_JSON_H

#include "json.h"
#include "model/report_named.h"

/* Members `operations`, `gauges` and `counts`, arrays of all of them; none where the program has
 * named nothing. */
void dp_json_put_named(struct dp_json *object, const struct dp_report_named *named);

#endif
