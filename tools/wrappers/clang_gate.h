/*
 * The gate of abi/gate.h, the site that it works on and the module's registration, as LLVM's
 * text. Called by clang_weave.c, which knows where they go.
 */
#ifndef DEEP_PROFILE_CLANG_GATE_H
#define DEEP_PROFILE_CLANG_GATE_H

#include "clang_ir.h"

#include <stdio.h>

struct dp_gate_module {
    const struct dp_ir *ir;
    bool all;      /* whole-program mode's gates */
    bool sites;    /* there will be some */
    bool known[8]; /* which of the runtime's symbols the module declares already */
    bool loads;    /* it has the registration already */
    bool constructors, destructors; /* they are entered */
    unsigned made;
    const char *personality; /* that the module needs for pads; NULL: none */
};

/* One function's. */
struct dp_gate {
    const struct dp_gate_module *module;
    unsigned site;
    uint32_t flags;
    unsigned ways_out; /* written so far */
};

void dp_gate_module_begin(struct dp_gate_module *module, const struct dp_ir *ir, bool all,
                          bool sites);
/* Writes a line of the module in which the registration is entered. False: it is none. */
bool dp_gate_module_line(struct dp_gate_module *module, const char *line, FILE *out);
/* Writes a site. */
struct dp_gate dp_gate_module_site(struct dp_gate_module *module, const struct dp_annotated *made,
                                   FILE *out);
void dp_gate_module_end(struct dp_gate_module *module, FILE *out);

/* What stands at the start of the function; the last block is still open. */
void dp_gate_entry(struct dp_gate *gate, FILE *out);
/* What stands before a way out. */
void dp_gate_exit(struct dp_gate *gate, bool unwinds, FILE *out);

#endif
