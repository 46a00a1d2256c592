/*
 * The parts of Markdown that renderers of text need, when style->markdown is set: headings,
 * tables and labelled lines are Markdown, all other lines are to stand as they are. So that both can
 * be told apart, a line of Markdown begins with DP_MARKDOWN_LINE, which no cleaned text has.
 */
#ifndef DP_TOOLS_MARKDOWN_H
#define DP_TOOLS_MARKDOWN_H

#include <stdio.h>

#define DP_MARKDOWN_LINE '\001'

/* Text without a meaning in Markdown; what stands between back quotes stays as it is. */
void dp_markdown_escape(FILE *out, const char *text, size_t length);

/* Writes `text` to `out`: lines of Markdown without their mark, the others as code. */
void dp_markdown_convert(FILE *out, const char *text);

#endif
