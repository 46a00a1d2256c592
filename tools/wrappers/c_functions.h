/*
 * The functions that preprocessed C or C++ defines, with what is annotated, found in its
 * tokens. Knows as much of the grammar as that needs: declarations, scopes, parameters, bodies.
 * Memory is never freed, see words.h.
 */
#ifndef DEEP_PROFILE_C_FUNCTIONS_H
#define DEEP_PROFILE_C_FUNCTIONS_H

#include "annotation.h"
#include "c_tokens.h"

struct dp_c_function {
    struct dp_annotated made;
    size_t open, close;    /* the tokens that its code begins and ends with: { }, or try … } */
    const char *signature; /* the parameters' types, as far as they can be told from names */
    unsigned size;         /* statements and calls */
    bool system;           /* of a system header */
    bool constant;         /* constexpr */
    bool excluded;         /* no_instrument_function */
    const char *why_not;   /* what forbids a gate, or NULL */
};

struct dp_c_source {
    struct dp_tokens tokens;
    bool cxx;
    struct dp_c_function *functions;
    size_t n_functions;
    bool unreadable; /* its brackets do not match */
};

/*
 * Reads preprocessed text, in which annotations are as deep_profile.h and
 * dp_spell_attributes() write them; they are blanked out in it. False: it cannot be read, or
 * an annotation is wrong, which was printed.
 */
bool dp_c_read(struct dp_c_source *source, char *text, bool cxx);

#endif
