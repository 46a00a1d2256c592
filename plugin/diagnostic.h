/*
 * Errors and warnings that point at the word a person wrote inside an
 * attribute. GCC gives an attribute's handler no location of its arguments; this
 * finds them in the source text again.
 */
#ifndef DP_DIAGNOSTIC_H
#define DP_DIAGNOSTIC_H

#include "gcc-compat.h"

#include "common/options.h"

/* Where one attribute stands in the source. */
struct dp_attribute_place {
    location_t name; /* of the attribute or macro; else of the declaration */
    bool found;
    const char *file;
    const char *text;      /* the options, as the handler got them */
    auto_vec<int> lines;   /* of each character of `text` that is no blank */
    auto_vec<int> columns; /* the same; from 1 */
};

/* Looks for the attribute of `node`, a declaration or type, around its name.
 * Keeps a pointer to `text`, the options; NULL: whatever they are. Slow: only
 * when there is something to report. */
void dp_find_attribute(struct dp_attribute_place *place, tree node, enum dp_attribute attribute,
                       const char *text);

/* The same for a function that was declared there: GCC has merged it since with
 * another declaration. */
void dp_find_attribute_of_function(struct dp_attribute_place *place, location_t declared,
                                   enum dp_attribute attribute, const char *text);

/* The range of text[offset, offset + length), or of the name if that is empty. */
location_t dp_place_of(const struct dp_attribute_place *place, size_t offset, size_t length);

/* The same for a word that an option holds, e.g. options.output. */
location_t dp_place_of_word(const struct dp_attribute_place *place, struct dp_word word);

/* The error with its suggestion, as text and as a fix-it. */
void dp_report(const struct dp_attribute_place *place, const struct dp_options_error *error);

#endif
