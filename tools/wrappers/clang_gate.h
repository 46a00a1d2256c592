/*
 * The gate of abi/gate.h as LLVM's text: what a function does at its start and before each way
 * out. Called by clang_weave.c, which knows where the text goes.
 */
#ifndef DEEP_PROFILE_CLANG_GATE_H
#define DEEP_PROFILE_CLANG_GATE_H

#include "clang_module.h"

#include <stdio.h>

/* Writes the code at the start of the function; its last block stays open. */
void dp_gate_entry(struct dp_gate *gate, FILE *out);
/* Writes the code before a way out. */
void dp_gate_exit(struct dp_gate *gate, bool unwinds, FILE *out);

#endif
