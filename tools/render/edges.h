/* Callers and callees of a function, as text and as JSON. */
#ifndef DP_TOOLS_EDGES_H
#define DP_TOOLS_EDGES_H

#include "json.h"
#include "model/call_edges.h"
#include "model/flame_graph.h"
#include "style.h"

/* `callers`: who calls it; else what it calls. */
void dp_edges_text(const struct dp_flame_graph *graph, const struct dp_call_edges *edges,
                   const char *function, bool callers, const struct dp_style *style);
void dp_edges_json(const struct dp_flame_graph *graph, const struct dp_call_edges *edges,
                   const char *function, bool callers, struct dp_json *object);

#endif
