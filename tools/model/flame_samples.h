/* Makes a flame graph from sampled stacks. */
#ifndef DP_TOOLS_FLAME_SAMPLES_H
#define DP_TOOLS_FLAME_SAMPLES_H

#include "flame_graph.h"
#include "outermost.h"
#include "stacks.h"

/* Which samples are added. */
struct dp_flame_choice {
    enum dp_flame_of of;
    uint32_t site;       /* 0: of all */
    bool slow;           /* looks at slow calls; else at sampled calls. Adding both could
                            count a look twice */
    const char *program; /* its path: functions of other modules are library functions */
    const struct dp_outermost *calls; /* slow: only looks at these; NULL: at all */
};

/* Adds a stack, and returns the node of its innermost frame. A NULL stack, or one without frames,
 * is the frame "[no stack]". */
uint32_t dp_flame_add_stack(struct dp_flame *flame, const struct dp_stack *stack,
                            const struct dp_flame_choice *choice);

/* Adds the chosen samples, whose stacks must have names, and counts them in `facts`. Returns how
 * many looks have a weight. */
uint64_t dp_flame_add_samples(struct dp_flame *flame, enum dp_flame_side side,
                              const struct dp_stacks *stacks,
                              const struct dp_flame_choice *choice,
                              struct dp_flame_side_facts *facts);

#endif
