/*
 * The six attributes: known to the compiler, checked where they are written,
 * and collected for the function that is about to be instrumented.
 */
#ifndef DP_ATTRIBUTE_H
#define DP_ATTRIBUTE_H

#include "gcc-compat.h"

#include "common/options.h"

/* One attribute of a function; `text` lives as long as its tree. */
struct dp_annotation {
    enum dp_attribute attribute;
    const char *text;
    struct dp_options options;
};

/* For PLUGIN_ATTRIBUTES. */
void dp_register_attributes(void *event_data, void *user_data);

/* Has `fn` an attribute of ours? Then it has its gate before inlining. */
bool dp_is_annotated(tree fn);

/* Complains of attributes on functions that have no body of their own (ifunc,
 * alias), once. For PLUGIN_ALL_IPA_PASSES_START, which does not come when there
 * are errors already; so the early pass calls it, too. */
void dp_check_bodiless(void *event_data, void *user_data);

/* Fills `written` with fn's attributes, in the order of attributes.def, from
 * all its declarations. False if there are none or they do not go together;
 * then an error was given. */
bool dp_collect_attributes(tree fn, vec<dp_annotation> *written);

#endif
