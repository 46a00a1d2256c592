/* Makes a flame graph from recorded calls, for programs without sampled stacks. */
#ifndef DP_TOOLS_FLAME_CALLS_H
#define DP_TOOLS_FLAME_CALLS_H

#include "flame.h"
#include "outermost.h"
#include "profile.h"

/* Adds the calls of profile->tree. Their weight is their time, or with `bytes` the memory that
 * they allocated. `site`: only its calls and what is below them; 0: all. Returns how many calls
 * have a weight. */
uint64_t dp_flame_add_calls(struct dp_flame *flame, enum dp_flame_side side,
                            const struct dp_profile *profile, bool bytes, uint32_t site);

/* Adds the trees of these slow calls. Returns how many calls have a weight. */
uint64_t dp_flame_add_trees(struct dp_flame *flame, enum dp_flame_side side,
                            const struct dp_profile *profile, const struct dp_outermost *calls);

#endif
