/* See clean.h. */
#include "clean.h"

#include <stdio.h>
#include <string.h>

#include "common/json_text.h"

#include "memory.h"

bool dp_clean_to_ascii;

char *dp_clean(const char *string, char *buffer, size_t size)
{
    const unsigned char *s = (const unsigned char *)string;
    size_t left = strlen(string);
    size_t at = 0;

    while (left > 0) {
        size_t n = dp_utf8_length(s, left);
        bool control =
            n == 0 || dp_code_is_obeyed(dp_utf8_code(s, n)) || (n > 1 && dp_clean_to_ascii);
        size_t wide = n ? n : 1;
        if (at + (control ? 4 * wide : wide) + 1 > size)
            break;
        if (control) {
            for (size_t i = 0; i < wide; i++)
                at += (size_t)sprintf(buffer + at, "\\x%02x", s[i]);
        } else {
            memcpy(buffer + at, s, wide);
            at += wide;
        }
        s += wide;
        left -= wide;
    }
    buffer[at] = '\0';
    return buffer;
}

char *dp_clean_copy(const char *string)
{
    size_t size = 4 * strlen(string) + 1;

    return dp_clean(string, dp_allocate(size, 1), size);
}

size_t dp_text_columns(const char *string)
{
    size_t columns = 0;

    for (; *string; string++)
        columns += ((unsigned char)*string & 0xc0) != 0x80;
    return columns;
}

void dp_text_cut(char *string, size_t columns, int utf8)
{
    size_t seen = 0;
    char *last = string; /* start of the last character that fits */

    if (columns == 0 || dp_text_columns(string) <= columns)
        return;
    for (char *c = string; *c; c++) {
        if (((unsigned char)*c & 0xc0) == 0x80)
            continue;
        if (++seen == columns) {
            last = c;
            break;
        }
    }
    /* The rest has at least two characters: "…" takes up to three bytes. Rather a character less
     * than "~", which marks estimates. */
    while (utf8 && last > string && strlen(last) < 3)
        last--;
    while (((unsigned char)*last & 0xc0) == 0x80)
        last--;
    if (utf8 && strlen(last) >= 3)
        strcpy(last, "\xe2\x80\xa6");
    else
        strcpy(last, "~");
}

void dp_text_cut_front(char *string, size_t columns, int utf8)
{
    size_t all = dp_text_columns(string), length = strlen(string), gone = 0;
    const char *kept = string; /* what comes behind the mark */

    if (columns == 0 || all <= columns)
        return;
    for (; *kept && gone <= all - columns; gone++)
        do
            kept++;
        while (((unsigned char)*kept & 0xc0) == 0x80);
    /* At least two characters go: "…" takes up to three bytes. */
    const char *mark = utf8 && kept - string >= 3 ? "\xe2\x80\xa6" : "~";
    memmove(string + strlen(mark), kept, length - (size_t)(kept - string) + 1);
    memcpy(string, mark, strlen(mark));
}
