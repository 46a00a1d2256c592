/*
 * Escapes text for HTML, SVG and scripts. Names come from the profiled program and may contain
 * anything. They are never read as markup; control characters (clean.h) and characters that XML
 * does not allow are written as \xNN.
 */
#ifndef DP_TOOLS_MARKUP_H
#define DP_TOOLS_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/* Between tags, or in an attribute's quotes; HTML and XML. */
void dp_markup_text(FILE *out, const char *text);

/* At most `most` characters; if there are more, the last one is "…". */
void dp_markup_cut(FILE *out, const char *text, size_t most);

/* A JSON string that may stand in a script element. */
void dp_markup_json(FILE *out, const char *text);

#endif
