/*
 * What a module needs for its gates, as LLVM's text: the sites that they work on, declarations of
 * the runtime's symbols, and the registration. Called by clang_weave.c, which knows where the
 * text goes.
 */
#ifndef DEEP_PROFILE_CLANG_MODULE_H
#define DEEP_PROFILE_CLANG_MODULE_H

#include "clang_ir.h"

#include <stdio.h>

struct dp_gate_module {
    const struct dp_ir *ir;
    bool all;                       /* whole-program mode's gates */
    bool sites;                     /* it has some */
    bool known[8];                  /* which of the runtime's symbols the module declares already */
    bool loads;                     /* it has the registration already */
    bool constructors, destructors; /* the registration is in llvm.global_ctors, _dtors */
    unsigned made;
    const char *personality; /* that landing pads need; NULL: none */
};

/* The gate of one function. */
struct dp_gate {
    const struct dp_gate_module *module;
    unsigned site;
    uint32_t flags;
    unsigned ways_out; /* written so far */
};

void dp_gate_module_begin(struct dp_gate_module *module, const struct dp_ir *ir, bool all,
                          bool sites);
/* When `line` is a list of constructors or destructors, writes it with the registration added and
 * returns true. */
bool dp_gate_module_line(struct dp_gate_module *module, const char *line, FILE *out);
/* Writes the site of a function. */
struct dp_gate dp_gate_module_site(struct dp_gate_module *module, const struct dp_annotated *made,
                                   FILE *out);
void dp_gate_module_end(struct dp_gate_module *module, FILE *out);

/* An operand of pointer type: "ptr NAME", or "TYPE* NAME". */
const char *dp_gate_pointer(const struct dp_ir *ir, const char *type, const char *name);
/* The type of a pointer to anything: "ptr", or "i8*". */
const char *dp_gate_any_pointer(const struct dp_ir *ir);
/* The address of a constant object of that type, as such a pointer. */
const char *dp_gate_address(const struct dp_ir *ir, const char *type, const char *name);
/* struct dp_site of abi/site.h, and the name of a gate's site. */
const char *dp_gate_site_type(const struct dp_ir *ir);
const char *dp_gate_site_name(const struct dp_gate *gate);

#endif
