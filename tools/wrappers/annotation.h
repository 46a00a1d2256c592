/*
 * What a person wrote on a function, when no plugin is there to read it: <deep_profile.h>
 * hands the options on to the compiler as an attribute that the compiler carries to the
 * function's definition, as text:
 *
 *     deep_profile:ATTRIBUTE:OPTIONS
 *
 * Memory is never freed, see words.h.
 */
#ifndef DEEP_PROFILE_ANNOTATION_H
#define DEEP_PROFILE_ANNOTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/site.h"

#define DP_ANNOTATION_PREFIX "deep_profile:"

struct dp_annotation {
    enum dp_attribute attribute;
    const char *options;
};

/* A function: where it is, and its annotations. */
struct dp_annotated {
    const char *name; /* for people */
    const char *file;
    unsigned line;
    uint32_t flags; /* dp_site_desc.flags */
    size_t count;
    struct dp_annotation written[DP_ATTRIBUTE_COUNT];
};

/* Is `text` an annotation? */
bool dp_is_annotation(const char *text);

/*
 * Adds the annotation that `text` is to the function, and the flags that follow from it. A
 * mistake in it is printed as a compiler prints an error, in the plugin's words. False: there
 * was one.
 */
bool dp_annotate(struct dp_annotated *function, const char *text);

/* Prints to stderr, for -v, which function is profiled, and how. */
void dp_print_taken(const struct dp_annotated *function);

/* Prints "FILE:LINE: error: message". */
void dp_error_at(const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The name that a person gave to the function of this symbol: in C++ qualified, without
 * parameters. */
const char *dp_name_of_symbol(const char *symbol);

#endif
