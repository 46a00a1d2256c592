/* See fold.h. */
#include "fold.h"

#include <stdlib.h>
#include <string.h>

#include "markdown.h"

/* The bytes of a colour at `text`; 0: there is none. */
static size_t color_bytes(const char *text, const char *end)
{
    size_t n = 0;

    if (*text != '\033')
        return 0;
    while (text + n < end && text[n] != 'm')
        n++;
    return text + n < end ? n + 1 : n;
}

static size_t columns_of(const char *text, const char *end)
{
    size_t columns = 0;

    while (text < end) {
        size_t color = color_bytes(text, end);
        columns += !color && ((unsigned char)*text & 0xc0) != 0x80; /* UTF-8: the first byte */
        text += color ? color : 1;
    }
    return columns;
}

static size_t indent_of(const char *line, const char *end)
{
    size_t indent = 0;

    while (line < end) {
        size_t color = color_bytes(line, end);
        if (!color && *line != ' ')
            break;
        indent += !color;
        line += color ? color : 1;
    }
    return indent;
}

/* "47 ns", "98.8 %": is the blank at `text` between a number and its unit? */
static bool is_before_unit(const char *text, const char *first, const char *end)
{
    size_t unit = 0;

    while (text + 1 + unit < end && text[1 + unit] != ' ')
        unit++;
    return text > first && text[-1] >= '0' && text[-1] <= '9' && unit > 0 && unit <= 4;
}

/* Where the word at `text` ends. `whole`: with blanks in a `name` and before a unit. */
static const char *word_end(const char *text, const char *end, bool whole)
{
    const char *first = text;
    bool in_name = false;

    for (; text < end; text++) {
        if (*text == ' ' && !in_name && !(whole && is_before_unit(text, first, end)))
            return text;
        in_name ^= whole && *text == '`';
        if (*text == ';' && !in_name)
            return text + 1;
    }
    return text;
}

/* The end of what goes on a line together: blanks and a word. */
static const char *piece_end(const char *text, const char *end, size_t room)
{
    const char *word = text + strspn(text, " ");
    const char *whole = word_end(word < end ? word : end, end, true);

    return columns_of(text, whole) <= room ? whole : word_end(word, end, false);
}

static void print_line(const char *line, const char *end, const struct dp_fold *fold)
{
    size_t width = fold->to->width, hang = fold->hang ? fold->hang : indent_of(line, end) + 2;
    size_t room = hang < width ? width - hang : 1, at = 0;
    bool any = false; /* a word on this line */

    for (const char *next; line < end; line = next) {
        next = piece_end(line, end, room);
        size_t columns = columns_of(line, next);
        if (any && at + columns > width) {
            fprintf(fold->to->out, "\n%*s", (int)hang, "");
            line += strspn(line, " ");
            columns = columns_of(line, next);
            at = hang;
        }
        fwrite(line, 1, (size_t)(next - line), fold->to->out);
        at += columns;
        any = true;
    }
}

const struct dp_style *dp_fold_start(struct dp_fold *fold, const struct dp_style *style,
                                     size_t hang)
{
    *fold = (struct dp_fold){.to = style, .inner = *style, .hang = hang};
    fold->inner.out = open_memstream(&fold->text, &fold->bytes);
    return fold->inner.out ? &fold->inner : style;
}

void dp_fold_finish(struct dp_fold *fold)
{
    const struct dp_style *to = fold->to;

    if (!fold->inner.out)
        return;
    fclose(fold->inner.out);
    const char *line = fold->text, *last = line + fold->bytes;
    while (line && line < last) {
        const char *newline = memchr(line, '\n', (size_t)(last - line));
        const char *end = newline ? newline : last;
        if (to->width == 0 || *line == DP_MARKDOWN_LINE || columns_of(line, end) <= to->width)
            fwrite(line, 1, (size_t)(end - line), to->out);
        else
            print_line(line, end, fold);
        if (newline)
            fputc('\n', to->out);
        line = newline ? newline + 1 : last;
    }
    free(fold->text);
    *fold = (struct dp_fold){0};
}
