/*
 * Text inside of HTML, SVG and scripts. Names come from the profiled program and may hold
 * anything: nothing of them is ever read as markup, and what a reader would obey instead of
 * seeing (clean.h) or XML does not allow is written as \xNN.
 */
#ifndef DP_TOOLS_MARKUP_H
#define DP_TOOLS_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/* Between tags, or in an attribute's quotes; HTML and XML. */
void dp_markup_text(FILE *out, const char *text);

/* At most `most` characters, the last one "…" when there are more. */
void dp_markup_cut(FILE *out, const char *text, size_t most);

/* A JSON string that may stand in a script element. */
void dp_markup_json(FILE *out, const char *text);

#endif
