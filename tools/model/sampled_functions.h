/*
 * Functions by what samples found: the share of the time that threads were in them, and of the time
 * that they were on a CPU. A recursion counts once.
 */
#ifndef DP_TOOLS_SAMPLED_FUNCTIONS_H
#define DP_TOOLS_SAMPLED_FUNCTIONS_H

#include "flame.h"

/* The sides of the flame graph that it is made of. */
#define DP_SAMPLED_WALL DP_FLAME_NOW
#define DP_SAMPLED_CPU DP_FLAME_BEFORE

struct dp_sampled_function {
    uint32_t name; /* in the flame graph */
    uint64_t wall_ns, cpu_ns; /* with all that it called */
    uint64_t self_cpu_ns;
};

struct dp_sampled_functions {
    struct dp_flame flame; /* owned: its names */
    struct dp_sampled_function *functions; /* the most CPU time of their own first */
    size_t n;
    uint64_t wall_ns, cpu_ns; /* of all */
    uint64_t looks;
};

/* Takes the settled flame graph. */
void dp_sampled_functions_make(struct dp_sampled_functions *functions, struct dp_flame *flame,
                               uint64_t looks);
/* A zeroed one has nothing. */
void dp_sampled_functions_finish(struct dp_sampled_functions *functions);

#endif
