/*
 * Writes a flame graph as one SVG file. The picture is complete without its script, which adds
 * zoom and search. Frames that are too narrow to see are left out; a note says how many.
 */
#ifndef DP_TOOLS_FLAME_SVG_H
#define DP_TOOLS_FLAME_SVG_H

#include <stdio.h>

#include "model/flame_graph.h"

void dp_flame_svg(const struct dp_flame_graph *graph, FILE *out);

#endif
