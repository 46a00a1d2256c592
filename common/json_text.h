/*
 * JSON strings and UTF-8: any bytes become valid JSON that is harmless wherever
 * it is shown. Invalid UTF-8 becomes U+FFFD, what a terminal or a reader would
 * obey instead of showing is escaped.
 *
 * Compiled by the runtime (also inside other people's programs) and the tool.
 * Allocates nothing, any thread.
 */
#ifndef DP_COMMON_JSON_TEXT_H
#define DP_COMMON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* Length of the well-formed UTF-8 sequence at `s` (RFC 3629); 0: there is none.
 * `left` is at least 1. */
size_t dp_utf8_length(const unsigned char *s, size_t left);

/* The character at `s`, of `n` bytes as dp_utf8_length() says. */
uint32_t dp_utf8_code(const unsigned char *s, size_t n);

/*
 * Characters that are not shown but obeyed: controls (C0, DEL, C1), and those by
 * which text looks like another: turned around, hidden, or broken into lines
 * (Unicode's bidirectional, zero-width, separator and tag characters).
 */
bool dp_code_is_obeyed(uint32_t code);

/* The inside of a JSON string. */
void dp_json_characters(struct dp_text *out, const char *text, size_t length);

/* A JSON string. */
void dp_json_text(struct dp_text *out, const char *text, size_t length);

/* The key of an object's next member. `*first`: no member came before; it becomes
 * false. The key is written as it is. */
void dp_json_key(struct dp_text *out, bool *first, const char *key);

/* A member; NULL is written as null. */
void dp_json_member(struct dp_text *out, bool *first, const char *key, const char *value);
void dp_json_member_u64(struct dp_text *out, bool *first, const char *key, uint64_t value);

/* Millionths as a decimal fraction: 930000 is 0.930000. */
void dp_json_ppm(struct dp_text *out, uint64_t ppm);

#endif
