/* See markup.h. */
#include "markup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "common/json_text.h"

/* XML has no such character, escaped or not. */
static bool is_forbidden(uint32_t code)
{
    return dp_code_is_obeyed(code) || (code & 0xfffe) == 0xfffe;
}

static const char *reference(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Writes the character at `s`; returns its bytes. */
static size_t put_character(FILE *out, const unsigned char *s, size_t left)
{
    size_t n = dp_utf8_length(s, left), wide = n ? n : 1;
    uint32_t code = n ? dp_utf8_code(s, n) : 0;

    if (n == 0 || is_forbidden(code))
        for (size_t i = 0; i < wide; i++)
            fprintf(out, "\\x%02x", s[i]);
    else if (reference(code))
        fputs(reference(code), out);
    else
        fwrite(s, 1, n, out);
    return wide;
}

void dp_markup_text(FILE *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    for (size_t left = strlen(text), n; left > 0; s += n, left -= n)
        n = put_character(out, s, left);
}

static size_t count_characters(const unsigned char *s, size_t left, size_t most)
{
    size_t count = 0;

    for (size_t n; left > 0 && count <= most; s += n, left -= n, count++) {
        n = dp_utf8_length(s, left);
        n = n ? n : 1;
    }
    return count;
}

void dp_markup_cut(FILE *out, const char *text, size_t most)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t left = strlen(text), count = count_characters(s, left, most);
    size_t whole = count <= most ? count : most > 0 ? most - 1 : 0;

    for (size_t i = 0, n; i < whole; i++, s += n, left -= n)
        n = put_character(out, s, left);
    if (count > most && most > 0)
        fputs("\xe2\x80\xa6", out);
}

void dp_markup_json(FILE *out, const char *text)
{
    size_t length = strlen(text), size = 12 * length + 3;
    struct dp_text json = {.buffer = dp_allocate(size, 1), .size = size};

    dp_json_text(&json, text, length);
    for (size_t i = 0; i < json.length; i++)
        if (json.buffer[i] == '<') /* "</" would begin the tag that ends the script */
            fputs("\\u003c", out);
        else
            fputc(json.buffer[i], out);
    free(json.buffer);
}
