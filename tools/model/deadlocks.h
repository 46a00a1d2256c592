/*
 * Threads that wait for one another: cycles of lock holders among the slow calls that have
 * not returned. Each is blocked in most of its time, for a lock that the next one holds.
 */
#ifndef DP_TOOLS_DEADLOCKS_H
#define DP_TOOLS_DEADLOCKS_H

#include "profile.h"

struct dp_deadlock_thread {
    uint32_t tid;
    const char *name;     /* "": not known */
    const char *function; /* that waits; "": not known */
    bool last;            /* of its cycle: it waits for the first */
};

struct dp_deadlocks {
    struct dp_deadlock_thread *threads; /* cycle by cycle; each waits for the one behind it */
    size_t n, capacity;
    size_t cycles;
};

/* Points into the profile, whose stacks have been named. The caller finishes it. */
void dp_deadlocks_find(struct dp_deadlocks *deadlocks, const struct dp_profile *profile);
void dp_deadlocks_finish(struct dp_deadlocks *deadlocks);

#endif
