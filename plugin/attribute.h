/*
 * The six attributes: registered with the compiler, checked where they are written, and
 * collected for the function that the pass instruments.
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

/* Does `fn` have one of our attributes? Then the early pass has built its gate. */
bool dp_is_annotated(tree fn);

/* Reports attributes on functions that have no body of their own (ifunc, alias). Works
 * once. Called at PLUGIN_ALL_IPA_PASSES_START; GCC skips that event after an error, so the
 * early pass calls it too. */
void dp_check_bodiless(void *event_data, void *user_data);

/* Fills `written` with fn's attributes from all its declarations, in the order of
 * attributes.def. Returns false if there are none, or if two contradict each other; then it
 * has reported an error. */
bool dp_collect_attributes(tree fn, vec<dp_annotation> *written);

#endif
