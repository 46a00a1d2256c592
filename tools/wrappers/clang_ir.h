/*
 * A module of LLVM's text, as `clang -S -emit-llvm` writes it: its lines, its functions and
 * what is annotated. Reads only what gates need to know; weave.c has what is done with it.
 *
 * Text of LLVM 14 and later, with typed pointers (i8*) or without (ptr). Memory is never
 * freed, see words.h.
 */
#ifndef DEEP_PROFILE_CLANG_IR_H
#define DEEP_PROFILE_CLANG_IR_H

#include "annotation.h"

struct dp_ir_function {
    const char *symbol; /* without @ and quotes */
    size_t first, last; /* its lines: "define …{" and "}" */
    const char *attributes;   /* of its group; "" if it has none */
    const char *runs_early;   /* why it runs before the program is linked, or NULL */
    struct dp_annotated made; /* made.file: NULL while its place is not known */
};

struct dp_ir {
    char **lines;
    size_t n_lines;
    struct dp_ir_function *functions;
    size_t n_functions;
    const char **groups; /* attributes #N, by N */
    size_t n_groups;
    const char **metadata; /* !N, by N; NULL: not read yet */
    bool typed_pointers;
    bool thunks; /* the processor has thunks (abi/gate.h) */
};

/* Reads the module that clang of version `major` wrote. Ends the program when the file cannot
 * be read. */
void dp_ir_read(struct dp_ir *ir, const char *path, int major);

/* Reads the annotations and puts them to their functions. False: some are wrong, which was
 * printed. */
bool dp_ir_read_annotations(struct dp_ir *ir);

/* Asks the debug information where each function is. Those that it does not know, and those
 * that the compiler itself made, have no file. */
void dp_ir_find_places(struct dp_ir *ir);

/* The line that defines !NUMBER, "" if there is none. */
const char *dp_ir_metadata(struct dp_ir *ir, const char *number);

bool dp_starts_with(const char *text, const char *prefix);

#endif
