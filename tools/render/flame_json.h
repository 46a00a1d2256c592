/*
 * Writes a flame graph as JSON in the form of d3-hierarchy and d3-flame-graph:
 *
 *     {"name", "value", "self", "module", "place", "kind", ("before",) "children": […]}
 *
 * value: with all below, in "unit" of the outermost object, which also has "title" and
 * "about". module and place only where they are known; kind only where it is no function.
 */
#ifndef DP_TOOLS_FLAME_JSON_H
#define DP_TOOLS_FLAME_JSON_H

#include <stdio.h>

#include "model/flame_graph.h"

void dp_flame_json(const struct dp_flame_graph *graph, FILE *out);

#endif
