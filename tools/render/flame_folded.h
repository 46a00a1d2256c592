/* A flame graph as folded stacks, which flamegraph.pl, speedscope and others read. */
#ifndef DP_TOOLS_FLAME_FOLDED_H
#define DP_TOOLS_FLAME_FOLDED_H

#include <stdio.h>

#include "model/flame_graph.h"

/* "outermost;…;innermost WEIGHT" a line; of a comparison two weights, that of before first,
 * as difffolded.pl writes them. */
void dp_flame_folded(const struct dp_flame_graph *graph, FILE *out);

#endif
