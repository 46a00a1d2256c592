/* See wrapped.h. */
#include "wrapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "markdown.h"

enum { INDENT = 12 }; /* behind the labels */

void dp_text_label(const struct dp_style *style, const char *label)
{
    if (style->markdown)
        fprintf(style->out, "%c- **%s:** ", DP_MARKDOWN_LINE, *label ? label : "also");
    else
        fprintf(style->out, "  %s%-9s%s ", dp_dim(style), label, dp_plain(style));
}

/* The width of text[0, length), which may contain colours. */
static size_t columns_of(const char *text, size_t length)
{
    size_t columns = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\033')
            while (i < length && text[i] != 'm')
                i++;
        else
            columns += ((unsigned char)text[i] & 0xc0) != 0x80; /* UTF-8: the first byte */
    }
    return columns;
}

/* Breaks a line between words. Its leading blanks are the indent, and a label's width. */
static void print_line(const char *text, size_t length, const struct dp_style *style)
{
    size_t at = 0;

    for (size_t first = 0, next; first < length; first = next) {
        size_t blanks = strspn(text + first, " ");
        next = first + blanks;
        while (next < length && text[next] != ' ')
            next++;
        size_t columns = columns_of(text + first, next - first);
        if (style->width > 0 && !style->markdown && at > INDENT && at + columns > style->width) {
            fprintf(style->out, "\n%*s", INDENT, "");
            first += blanks;
            columns -= blanks;
            at = INDENT;
        }
        fwrite(text + first, 1, next - first, style->out);
        at += columns;
    }
    fputc('\n', style->out);
}

void dp_text_wrapped(const char *text, const struct dp_style *style)
{
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
        print_line(line, (size_t)(end - line), style);
}

void dp_text_print_wrapped(void (*print)(const void *what, const struct dp_style *style),
                           const void *what, const struct dp_style *style)
{
    struct dp_style inner = *style;
    char *text = NULL;
    size_t size = 0;

    inner.out = open_memstream(&text, &size);
    if (!inner.out) {
        print(what, style);
        return;
    }
    print(what, &inner);
    fclose(inner.out);
    if (text)
        dp_text_wrapped(text, style);
    free(text);
}
