/*
 * The callers and callees of a function, from a settled tree of frames (flame.h).
 *
 * Inclusive time counts a recursion once: an outer call's time includes the calls in it.
 */
#ifndef DP_TOOLS_CALL_EDGES_H
#define DP_TOOLS_CALL_EDGES_H

#include "flame.h"

struct dp_call_edge {
    uint32_t name;  /* the other function; 0: none, the function is the outermost frame */
    uint64_t total; /* of the callee, in calls by the caller */
};

struct dp_call_edges {
    bool found;
    uint64_t total, self; /* of the function */
    struct dp_call_edge *callers, *callees; /* the largest first */
    size_t n_callers, n_callees;
};

/* Edges of all frames with that name. The caller finishes them. */
void dp_call_edges_find(struct dp_call_edges *edges, const struct dp_flame *flame,
                        const char *function);

void dp_call_edges_finish(struct dp_call_edges *edges);

#endif
