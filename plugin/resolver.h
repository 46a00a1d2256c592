/*
 * Functions that run before the program is linked: the resolvers of ifuncs, whether a
 * person or the compiler wrote them, and what they call. No variable of another module can
 * be reached there, in a static program no thread-local one either.
 */
#ifndef DP_RESOLVER_H
#define DP_RESOLVER_H

#include "gcc-compat.h"

/* Looks for them, at the first call in a translation unit: when its first body is lowered,
 * since it reads the others as trees. */
void dp_find_early_functions(void);

/* Why `fn` runs so early, as the end of a sentence about "it"; NULL: it does not, as far as
 * this translation unit shows. For passes that run before inlining. */
const char *dp_runs_early(tree fn);

/* Is `fn` a resolver that the compiler made (target_clones, C++ functions with several
 * `target`s)? It comes after the passes that mark the others. */
bool dp_is_made_resolver(tree fn);

#endif
