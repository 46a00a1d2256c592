/* The trees of a report as JSON: calls below calls, recorded or sampled. A tree is an array, depth
 * first: the callees of a call follow it, with a `depth` of one more. */
#ifndef DP_TOOLS_TREES_JSON_H
#define DP_TOOLS_TREES_JSON_H

#include "json.h"
#include "model/report.h"

/* Adds `of` and what is below it to `array`: of one call, or of all of a function. */
void dp_json_put_below(struct dp_json *array, const struct dp_site_table *sites,
                       struct dp_tree_node *of);

/* Members of `object`; none where there is no tree. */
void dp_json_put_tree(struct dp_json *object, const struct dp_report_tree *tree);
void dp_json_put_below_all(struct dp_json *object, const struct dp_report_below *below);

#endif
