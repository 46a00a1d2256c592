/* See markdown.h. */
#include "markdown.h"

#include <stdbool.h>
#include <string.h>

#define FENCE "````````"

void dp_markdown_escape(FILE *out, const char *text, size_t length)
{
    bool code = false;

    for (size_t i = 0; i < length; i++) {
        code ^= text[i] == '`';
        if (!code && strchr("\\|<>*_[]#~&$", text[i]))
            fputc('\\', out);
        fputc(text[i] == '|' && code ? '/' : text[i], out); /* it would end the cell */
    }
    if (code) /* an odd one */
        fputc('`', out);
}

/* "- **label:** text": only the text comes from elsewhere. */
static void convert_marked(FILE *out, const char *line, size_t length)
{
    const char *text = memmem(line, length, ":** ", 4);

    if (length < 4 || memcmp(line, "- **", 4) != 0 || !text) {
        fwrite(line, 1, length, out);
        return;
    }
    text += 4;
    fwrite(line, 1, (size_t)(text - line), out);
    dp_markdown_escape(out, text, length - (size_t)(text - line));
}

void dp_markdown_convert(FILE *out, const char *text)
{
    bool fenced = false, blank = false;

    for (const char *line = text, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");
        bool marked = *line == DP_MARKDOWN_LINE;
        next = line + length + (line[length] == '\n');
        if (length <= marked) { /* at most one, and none at the ends of a block */
            blank = true;
            continue;
        }
        if (marked == fenced) /* between Markdown and what stands as it is */
            fputs(fenced ? FENCE "\n\n" : "\n" FENCE "text\n", out);
        else if (blank)
            fputc('\n', out);
        fenced = !marked;
        blank = false;
        if (marked)
            convert_marked(out, line + 1, length - 1);
        else
            fwrite(line, 1, length, out);
        fputc('\n', out);
    }
    if (fenced)
        fputs(FENCE "\n", out);
}
