/*
 * Who calls a function, and what it calls: of a settled tree of frames (flame.h).
 *
 * Inclusive time counts a recursion once: the outermost call has the time of those in it.
 */
#ifndef DP_TOOLS_CALL_EDGES_H
#define DP_TOOLS_CALL_EDGES_H

#include "flame.h"

struct dp_call_edge {
    uint32_t name;  /* the other function; 0: none, it is the outermost frame */
    uint64_t total; /* of the function in calls by the other, or of the other in calls by it */
};

struct dp_call_edges {
    bool found;
    uint64_t total, self; /* of the function */
    struct dp_call_edge *callers, *callees; /* the largest first */
    size_t n_callers, n_callees;
};

/* Of all frames of that name. The caller finishes it. */
void dp_call_edges_find(struct dp_call_edges *edges, const struct dp_flame *flame,
                        const char *function);

void dp_call_edges_finish(struct dp_call_edges *edges);

#endif
