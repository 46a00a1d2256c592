/* See text.h. */
#include "text.h"

void dp_text_u64(struct dp_text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    while (at < sizeof digits)
        dp_text_char(text, digits[at++]);
}

void dp_text_padded(struct dp_text *text, uint64_t value, unsigned digits)
{
    uint64_t least = 1;
    for (unsigned i = 1; i < digits; i++)
        least *= 10;
    for (; least > 1 && value < least; least /= 10)
        dp_text_char(text, '0');
    dp_text_u64(text, value);
}

void dp_text_i64(struct dp_text *text, int64_t value)
{
    if (value < 0)
        dp_text_char(text, '-');
    dp_text_u64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void dp_text_hex(struct dp_text *text, uint64_t value, unsigned digits)
{
    while (digits--)
        dp_text_char(text, "0123456789abcdef"[value >> (4 * digits) & 15]);
}
