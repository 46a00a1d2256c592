/*
 * The gates of abi/gate.h as C text, for a GCC without a plugin: what stands before the
 * program's own declarations, and what stands at the beginning of a function's body.
 */
#ifndef DEEP_PROFILE_GCC_GATE_H
#define DEEP_PROFILE_GCC_GATE_H

#include <stdio.h>

#include "annotation.h"

struct dp_gcc_target {
    int major;   /* of GCC */
    bool thunks; /* the processor has thunks (abi/gate.h) */
    bool cxx;
};

/* One function's. */
struct dp_gcc_gate {
    const struct dp_annotated *made;
    unsigned number;
    bool all;      /* whole-program mode: not annotated */
    bool constant; /* constexpr */
};

/* What the module needs once: the runtime's variables, and the registration of its sites. */
void dp_gcc_gate_begin(const struct dp_gcc_target *target, FILE *out);
/* The site of one gate, and its functions for entry and exit. */
void dp_gcc_gate_site(const struct dp_gcc_target *target, const struct dp_gcc_gate *gate,
                      FILE *out);
/* One statement: a variable whose initializer calls the entry, and whose cleanup the exit. */
void dp_gcc_gate_variable(const struct dp_gcc_gate *gate, FILE *out);

#endif
