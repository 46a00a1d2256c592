/* A flame graph of sampled stacks. */
#ifndef DP_TOOLS_FLAME_SAMPLES_H
#define DP_TOOLS_FLAME_SAMPLES_H

#include "flame_graph.h"
#include "stacks.h"

/* What of the samples is added. */
struct dp_flame_choice {
    enum dp_flame_of of;
    uint32_t site;       /* 0: of all */
    bool slow;           /* looks at slow calls; else those of sampled calls. Both may have seen
                            the same time */
    const char *program; /* path: what is in another module is a library's */
};

/* Adds the chosen samples of stacks that have names, and counts them in `facts`. Returns how
 * many looks have a weight. */
uint64_t dp_flame_add_samples(struct dp_flame *flame, enum dp_flame_side side,
                              const struct dp_stacks *stacks,
                              const struct dp_flame_choice *choice,
                              struct dp_flame_side_facts *facts);

#endif
