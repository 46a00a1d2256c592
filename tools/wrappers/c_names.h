/* Names of functions, and the types of their parameters as far as words show them. */
#ifndef DEEP_PROFILE_C_NAMES_H
#define DEEP_PROFILE_C_NAMES_H

#include "c_reader.h"

/* Words whose parentheses hold no parameters; NULL is the last. */
extern const char *const dp_c_not_names[];
/* Words that are a type, or a part of one; NULL is the last. */
extern const char *const dp_c_type_words[];

/* Tokens [from, to) as one text. */
const char *dp_c_joined(const struct reader *reader, size_t from, size_t to);

/* The declaration's name, with its namespaces and classes. */
const char *dp_c_name_of(const struct reader *reader, const struct declaration *made);

/* The types of the parameters whose '(' is at `open`, and whether the method is const. */
const char *dp_c_signature_of(const struct reader *reader, size_t open);

#endif
