/*
 * One option's value, for options_parse.c and nobody else: that file cuts the text into
 * options, finds the row of each and checks what must hold between options; this one sets
 * the member by the row's type.
 */
#ifndef DP_COMMON_OPTIONS_VALUE_H
#define DP_COMMON_OPTIONS_VALUE_H

#include "options.h"

struct dp_options_parser {
    const char *text;
    enum dp_attribute attribute;
    struct dp_options *options;
    struct dp_options_error *error;
};

/* A word as argument of "%.*s", cut to 40 characters. */
#define DP_SHOWN(word) (int)((word).length < 40 ? (word).length : 40), (word).text

/* Fills in the error about the word `at` of the text, and returns -1. `suggestion` is a
 * word to replace it, or NULL. */
__attribute__((format(printf, 4, 5))) int dp_options_fail(struct dp_options_parser *parser,
                                                          struct dp_word at, const char *suggestion,
                                                          const char *format, ...);

/* Writes "a, b or c" to `buffer` and returns it. */
const char *dp_list_names(const struct dp_name *names, char *buffer, size_t size);

/* Sets the row's member from `value`. Returns 0, or -1 with the error filled. */
int dp_options_set(struct dp_options_parser *parser, const struct dp_option_row *row,
                   struct dp_word value);

#endif
