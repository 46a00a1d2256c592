/*
 * The state of a search for functions in the tokens of preprocessed C or C++, and questions about
 * one token. Shared by c_annotations.c, c_names.c and c_functions.c.
 */
#ifndef DEEP_PROFILE_C_READER_H
#define DEEP_PROFILE_C_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "c_functions.h"

#define NOWHERE ((size_t)-1)

/* An annotation and where it stands. */
struct note {
    const char *text;
    const char *file;
    unsigned line;
    size_t token;
};

/* An annotated declaration; its definition, if there is one, comes later. */
struct annotated {
    const char *name, *signature, *text;
};

struct reader {
    struct dp_c_source *source;
    struct dp_tokens *tokens;
    const char *scope;         /* "ns::class::", or "" */
    const char *outer;         /* the same without classes */
    const char *class_name;    /* of the innermost scope; NULL: it is no class */
    struct note *notes;        /* in the order of the text */
    size_t n_notes, next_note; /* those before next_note belong to functions already */
    struct annotated *annotated;
    size_t n_annotated;
    bool wrong;
};

/* What is known of a declaration while it is read. */
struct declaration {
    size_t first;          /* its first token */
    size_t begin;          /* the same, or behind the class that it defines */
    size_t name, name_end; /* its last part: tokens */
    size_t parameters;     /* their '(' */
    size_t try_at, initializers;
    bool assigned; /* what follows is no function's body */
    bool arrow;    /* of a result type behind the parameters */
    bool is_class, is_enum, is_typedef;
};

static inline bool is(const struct reader *reader, size_t i, const char *word)
{
    return dp_token_is(reader->tokens, i, word);
}

static inline bool is_any(const struct reader *reader, size_t i, const char *const *words)
{
    for (; *words; words++)
        if (is(reader, i, *words))
            return true;
    return false;
}

static inline bool is_a_word(const struct reader *reader, size_t i)
{
    return i < reader->tokens->count && reader->tokens->token[i].type == DP_TOKEN_WORD;
}

static inline size_t match(const struct reader *reader, size_t i)
{
    return reader->tokens->token[i].match;
}

static inline bool has_word(const struct reader *reader, size_t from, size_t to, const char *word)
{
    for (size_t i = from; i < to; i++)
        if (is(reader, i, word))
            return true;
    return false;
}

#endif
