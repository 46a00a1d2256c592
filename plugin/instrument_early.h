/* The pass for annotated functions. */
#ifndef DP_INSTRUMENT_EARLY_H
#define DP_INSTRUMENT_EARLY_H

#include "gcc-compat.h"

/* A line on stderr for each instrumented function. */
extern bool dp_verbose;

void dp_register_early_pass(const char *plugin);

/* Is `fn` the resolver of an ifunc? The loader runs it before relocation is
 * done: no variable of another module can be reached. */
bool dp_is_resolver(tree fn);

#endif
