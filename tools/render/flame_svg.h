/*
 * A flame graph as one SVG file: a picture that is complete without its script, and that
 * zooms and searches with it. Frames too narrow to be seen are left out, and it says so.
 */
#ifndef DP_TOOLS_FLAME_SVG_H
#define DP_TOOLS_FLAME_SVG_H

#include <stdio.h>

#include "model/flame_graph.h"

void dp_flame_svg(const struct dp_flame_graph *graph, FILE *out);

#endif
