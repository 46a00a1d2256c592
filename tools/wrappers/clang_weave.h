/*
 * Puts gates into a module of LLVM's text: the same as the plugin's, see abi/gate.h.
 */
#ifndef DEEP_PROFILE_CLANG_WEAVE_H
#define DEEP_PROFILE_CLANG_WEAVE_H

#include "clang_ir.h"

#include <stdio.h>

struct dp_weave {
    bool all;         /* whole-program mode's gates, into functions without annotations */
    bool verbose;     /* prints a line for each function */
};

/* Writes the module with its gates; `ir` is used up. False: a function cannot have one, and a
 * message has said so. */
bool dp_weave(struct dp_ir *ir, const struct dp_weave *how, FILE *out);

/* Takes the debug information of -gline-tables-only away. */
void dp_strip_debug(struct dp_ir *ir);

/* What a front end that gets -finstrument-functions-after-inlining says of every function
 * that may be instrumented. */
#define DP_MAY_BE_INSTRUMENTED "\"instrument-function-entry-inlined\"="

#endif
