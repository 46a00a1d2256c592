/* A flame graph of sampled allocations. */
#ifndef DP_TOOLS_FLAME_HEAP_H
#define DP_TOOLS_FLAME_HEAP_H

#include "allocations.h"
#include "flame_samples.h"

/* Adds the allocations that choice->of is about (bytes, held, peak); their stacks must have names.
 * Counts them in `facts`. `end_ns`: the end of the run. Returns how many allocations have a
 * weight. */
uint64_t dp_flame_add_allocations(struct dp_flame *flame, enum dp_flame_side side,
                                  const struct dp_allocations *allocations, uint64_t end_ns,
                                  const struct dp_flame_choice *choice,
                                  struct dp_flame_side_facts *facts);

#endif
