/*
 * Functions that run before the program is linked: the resolvers of ifuncs, written by a
 * person or made by the compiler, and what they call. At that time no variable of another
 * module can be reached, and in a static program no thread-local variable either.
 */
#ifndef DP_RESOLVER_H
#define DP_RESOLVER_H

#include "gcc-compat.h"

/* Searches for them, at its first call in a translation unit. Call it when the first body
 * is lowered, since it reads the other bodies as trees. */
void dp_find_early_functions(void);

/* Why `fn` runs that early, as the end of a sentence that begins with "it"; NULL if this
 * translation unit does not show that it does. For passes that run before inlining. */
const char *dp_runs_early(tree fn);

/* Is `fn` a resolver that the compiler made (target_clones, C++ functions with several
 * `target`s)? GCC makes it after the passes that mark the other ones. */
bool dp_is_made_resolver(tree fn);

#endif
