/*
 * Writes a flame graph as one HTML page. It needs no network and no other file.
 *
 * The page is page/flame.{html,css,js}, into which the graph is put as JSON:
 *
 *     {"title", "about": [notes], "unit": "ns"|"bytes"|"count", "compared": bool,
 *      "names": [[function, module, place, kind]...],
 *      "frames": [depth, name, total (, total before)...]}
 *
 * frames: flat, each frame before those below it; kind: enum dp_flame_type.
 */
#ifndef DP_TOOLS_FLAME_HTML_H
#define DP_TOOLS_FLAME_HTML_H

#include <stdio.h>

#include "model/flame_graph.h"

void dp_flame_html(const struct dp_flame_graph *graph, FILE *out);

#endif
