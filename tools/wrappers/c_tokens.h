/*
 * Preprocessed C or C++ as tokens, with the place of each and its matching bracket.
 * Knows no grammar. Memory is never freed, see words.h.
 */
#ifndef DEEP_PROFILE_C_TOKENS_H
#define DEEP_PROFILE_C_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

enum dp_token_type { DP_TOKEN_WORD, DP_TOKEN_NUMBER, DP_TOKEN_STRING, DP_TOKEN_SIGN };

struct dp_token {
    enum dp_token_type type;
    const char *at;   /* in the text; a sign is one character */
    size_t length;
    size_t match;     /* of a bracket: its partner's number; 0: it has none */
    const char *file; /* by the line markers */
    unsigned line;
    bool system;      /* of a system header */
};

struct dp_tokens {
    const char *text;
    struct dp_token *token;
    size_t count;
};

/* False: the brackets of the text do not match. */
bool dp_tokens_read(struct dp_tokens *tokens, const char *text);

/* Is token `i` this word or sign? False beyond the last token. */
bool dp_token_is(const struct dp_tokens *tokens, size_t i, const char *word);

/* The end of a literal, of a character or of a line marker that begins at `at`. */
const char *dp_skip_literal(const char *at);
/* The end of R"x(…)x", from its R. */
const char *dp_skip_raw_string(const char *at);

#endif
