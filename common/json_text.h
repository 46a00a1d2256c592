/*
 * JSON strings and UTF-8: any bytes become valid JSON that is harmless wherever it is
 * shown. Invalid UTF-8 becomes U+FFFD; characters that a terminal or a reader would obey
 * instead of showing are escaped. Compiled by the runtime (inside other people's programs)
 * and the tool. Allocates nothing, any thread.
 */
#ifndef DP_COMMON_JSON_TEXT_H
#define DP_COMMON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* The length of the well-formed UTF-8 sequence at `s` (RFC 3629); 0 if there is none.
 * `left` is at least 1. */
size_t dp_utf8_length(const unsigned char *s, size_t left);

/* Decodes the character at `s`, whose length `n` dp_utf8_length() has returned. */
uint32_t dp_utf8_code(const unsigned char *s, size_t n);

/*
 * True for characters that are obeyed, not shown: controls (C0, DEL, C1), and those that
 * make a text look like another one by turning it around, hiding parts or breaking lines
 * (Unicode's bidirectional, zero-width, separator and tag characters).
 */
bool dp_code_is_obeyed(uint32_t code);

/* Appends the inside of a JSON string. */
void dp_json_characters(struct dp_text *out, const char *text, size_t length);

/* A JSON string. */
void dp_json_text(struct dp_text *out, const char *text, size_t length);

/* Appends the key of an object's next member, unescaped. `*first` is true if no member came
 * before; it becomes false. */
void dp_json_key(struct dp_text *out, bool *first, const char *key);

/* Appends a member; NULL is written as null. */
void dp_json_member(struct dp_text *out, bool *first, const char *key, const char *value);
void dp_json_member_u64(struct dp_text *out, bool *first, const char *key, uint64_t value);

/* Appends millionths as a decimal fraction: 930000 is 0.930000. */
void dp_json_ppm(struct dp_text *out, uint64_t ppm);

#endif
