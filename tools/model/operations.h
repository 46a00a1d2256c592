/*
 * Which slow calls are one operation.
 *
 * A slow request makes every call around it slow. Calls of one thread of which one lies
 * within the other are one operation: the outermost, the calls inside it, and the leaf, in
 * which most of the time went. Not every call inside belongs to it. An event loop is slow
 * because many requests ran in it, so each of these is an operation of its own. A call
 * belongs to the one around it when it explains that one's time:
 *
 *     it has up to DP_OPERATION_STEPS calls inside, which take half of its time together;
 *     or this one alone takes half of its time.
 */
#ifndef DP_TOOLS_OPERATIONS_H
#define DP_TOOLS_OPERATIONS_H

#include "profile.h"

#define DP_OPERATION_STEPS 4

/* A call of an operation. */
struct dp_operation_step {
    const struct dp_slow_call *call;
    uint32_t operation; /* 1: the worst */
    uint32_t depth;     /* in the operation; 0: the outermost call */
    bool leaf;          /* the innermost of the longest calls */
    uint64_t elsewhere; /* slow calls inside it that are operations of their own */
};

/* The function whose slow calls took the longest without a slow call inside them. */
struct dp_operation_leaf {
    uint32_t site;
    uint64_t calls; /* 0: there is none */
    uint64_t ns;
};

struct dp_operations {
    struct dp_operation_step *steps; /* operation by operation, each before the calls in it */
    size_t n_steps;
    size_t n;     /* operations that `steps` has */
    size_t found; /* all */
    struct dp_operation_leaf longest;
};

/* The worst operations of a profile that dp_slow_calls_settle() has seen, at most
 * profile->slow_limit. Points into the profile. */
void dp_operations_make(struct dp_operations *operations, const struct dp_profile *profile);

void dp_operations_finish(struct dp_operations *operations);

#endif
