/*
 * Writes text into a caller's buffer: no allocation, no stdio, no locale. Used by the
 * runtime inside other people's programs (also by its steward, whatever the state of the
 * heap) and by the tool. Calls only memcpy and strlen. What does not fit is dropped but
 * counted: `length` is the size of the whole text, so `length > size` means that it was
 * cut, and how much room it needs.
 */
#ifndef DP_COMMON_TEXT_H
#define DP_COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dp_text {
    char *buffer; /* not terminated; may be NULL when size is 0 */
    size_t size;
    size_t length;
};

/*
 * These three are inline for two reasons. A line of JSON calls them 70 times, mostly with a
 * literal whose length the compiler knows. And the runtime calls them on stacks that
 * threads use in turn, under a lock that a host's ThreadSanitizer does not see: it would
 * report each memcpy that is a call. For the same reason text.c copies digits one by one.
 */
static inline void dp_text_bytes(struct dp_text *text, const char *bytes, size_t length)
{
    if (text->length < text->size) {
        size_t room = text->size - text->length;
        memcpy(text->buffer + text->length, bytes, length < room ? length : room);
    }
    text->length += length;
}

static inline void dp_text_string(struct dp_text *text, const char *string)
{
    dp_text_bytes(text, string, strlen(string));
}

static inline void dp_text_char(struct dp_text *text, char c)
{
    if (text->length < text->size)
        text->buffer[text->length] = c;
    text->length++;
}

void dp_text_u64(struct dp_text *text, uint64_t value);
void dp_text_i64(struct dp_text *text, int64_t value);

/* At least `digits` digits, padded with leading zeros. */
void dp_text_padded(struct dp_text *text, uint64_t value, unsigned digits);

/* The low `digits` hexadecimal digits of `value`. */
void dp_text_hex(struct dp_text *text, uint64_t value, unsigned digits);

#ifdef __cplusplus
}
#endif

#endif
