/*
 * Errors and warnings that point at the bad word inside an attribute. GCC gives an
 * attribute's handler no location of its arguments, so this code finds them in the source
 * text again.
 */
#ifndef DP_DIAGNOSTIC_H
#define DP_DIAGNOSTIC_H

#include "gcc-compat.h"

#include "common/options.h"

/* Where one attribute is written in the source. */
struct dp_attribute_place {
    location_t name; /* of the attribute or macro; of the declaration if not found */
    bool found;
    const char *file;
    const char *text;      /* the options, as GCC passes them to the handler */
    auto_vec<int> lines;   /* of each non-blank character of `text` */
    auto_vec<int> columns; /* the same, counted from 1 */
};

/* Searches for the attribute of `node`, a declaration or a type, around its name. Keeps a
 * pointer to `text`, the options; NULL matches any options. Slow: call it only when there
 * is something to report. */
void dp_find_attribute(struct dp_attribute_place *place, tree node, enum dp_attribute attribute,
                       const char *text);

/* The same for a function declared at `declared`: GCC may have merged that declaration with
 * another one since. */
void dp_find_attribute_of_function(struct dp_attribute_place *place, location_t declared,
                                   enum dp_attribute attribute, const char *text);

/* The range of text[offset, offset + length); if that is empty, the range of the name. */
location_t dp_place_of(const struct dp_attribute_place *place, size_t offset, size_t length);

/* Reports the error. Its suggestion is shown in the text and as a fix-it. */
void dp_report(const struct dp_attribute_place *place, const struct dp_options_error *error);

#endif
