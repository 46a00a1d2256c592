/*
 * Finds deadlocks: cycles of threads among the slow calls that have not returned, each blocked
 * for most of its time on a lock that the next thread holds.
 */
#ifndef DP_TOOLS_DEADLOCKS_H
#define DP_TOOLS_DEADLOCKS_H

#include "profile.h"

struct dp_deadlock_thread {
    uint32_t tid;
    const char *name;     /* "": not known */
    const char *function; /* the function that waits; "": not known */
    bool last;            /* last thread of its cycle: waits for the first */
};

struct dp_deadlocks {
    struct dp_deadlock_thread *threads; /* cycle by cycle; each waits for the next */
    size_t n, capacity;
    size_t cycles;
};

/* Points into the profile, whose stacks must have names. The caller finishes it. */
void dp_deadlocks_find(struct dp_deadlocks *deadlocks, const struct dp_profile *profile);
void dp_deadlocks_finish(struct dp_deadlocks *deadlocks);

#endif
