/* See json_text.h. */
#include "json_text.h"

#include <string.h>

size_t dp_utf8_length(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
               : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
               : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong, a surrogate, or above U+10FFFF. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

uint32_t dp_utf8_code(const unsigned char *s, size_t n)
{
    uint32_t code = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (s[i] & 0x3f);
    return code;
}

bool dp_code_is_obeyed(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

static void json_escape(struct dp_text *out, uint32_t code)
{
    if (code >= 0x10000) { /* a surrogate pair, as in UTF-16 */
        json_escape(out, 0xd800 + ((code - 0x10000) >> 10));
        code = 0xdc00 + (code & 0x3ff);
    }
    dp_text_string(out, "\\u");
    dp_text_hex(out, code, 4);
}

/* The number of leading bytes that need no escape in a JSON string; for most texts all of
 * them. */
static size_t plain_length(const unsigned char *s, size_t length)
{
    size_t n = 0;

    while (n < length && s[n] >= ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

void dp_json_characters(struct dp_text *out, const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;

    while (length > 0) {
        size_t n = plain_length(s, length);
        if (n > 0) {
            dp_text_bytes(out, (const char *)s, n);
            s += n;
            length -= n;
            continue;
        }
        n = dp_utf8_length(s, length);
        if (n == 0) {
            json_escape(out, 0xfffd);
            n = 1;
        } else if (*s == '"' || *s == '\\') {
            dp_text_char(out, '\\');
            dp_text_char(out, (char)*s);
        } else if (dp_code_is_obeyed(dp_utf8_code(s, n))) {
            json_escape(out, dp_utf8_code(s, n));
        } else {
            dp_text_bytes(out, (const char *)s, n);
        }
        s += n;
        length -= n;
    }
}

void dp_json_text(struct dp_text *out, const char *text, size_t length)
{
    dp_text_char(out, '"');
    dp_json_characters(out, text, length);
    dp_text_char(out, '"');
}

void dp_json_key(struct dp_text *out, bool *first, const char *key)
{
    if (!*first)
        dp_text_char(out, ',');
    *first = false;
    dp_text_char(out, '"');
    dp_text_string(out, key);
    dp_text_string(out, "\":");
}

void dp_json_ppm(struct dp_text *out, uint64_t ppm)
{
    dp_text_u64(out, ppm / 1000000);
    dp_text_char(out, '.');
    for (uint32_t unit = 100000; unit > 0; unit /= 10)
        dp_text_char(out, (char)('0' + ppm / unit % 10));
}

void dp_json_member(struct dp_text *out, bool *first, const char *key, const char *value)
{
    dp_json_key(out, first, key);
    if (value)
        dp_json_text(out, value, strlen(value));
    else
        dp_text_string(out, "null");
}

void dp_json_member_u64(struct dp_text *out, bool *first, const char *key, uint64_t value)
{
    dp_json_key(out, first, key);
    dp_text_u64(out, value);
}
