/* Writes a flame graph as folded stacks, which flamegraph.pl, speedscope and others read. */
#ifndef DP_TOOLS_FLAME_FOLDED_H
#define DP_TOOLS_FLAME_FOLDED_H

#include <stdio.h>

#include "model/flame_graph.h"

/* Lines of "outermost;…;innermost WEIGHT". A comparison has two weights, BEFORE first, as
 * difffolded.pl writes them. */
void dp_flame_folded(const struct dp_flame_graph *graph, FILE *out);

#endif
