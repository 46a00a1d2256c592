/*
 * Finds deadlocks: cycles of threads, each waiting for a lock that the next thread holds. Either
 * among the slow calls that have not returned, each blocked for most of its time, or among
 * threads that were looked at in one moment (snapshot.h).
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

/* A thread that waits, and the thread that it waits for. Texts are "" where they are not known. */
struct dp_lock_wait {
    uint32_t tid, holder_tid;
    const char *holder;   /* name of that thread */
    const char *function; /* that waits */
    size_t walk;          /* deadlocks.c's own: 0 */
};

struct dp_deadlocks {
    struct dp_deadlock_thread *threads; /* cycle by cycle; each waits for the next */
    size_t n, capacity;
    size_t cycles;
};

/* Points into the profile, whose stacks must have names. The caller finishes it. */
void dp_deadlocks_find(struct dp_deadlocks *deadlocks, const struct dp_profile *profile);
/* Those among `waits`, which are sorted by thread; of one thread the first counts. */
void dp_deadlocks_among(struct dp_deadlocks *deadlocks, struct dp_lock_wait *waits, size_t n);
void dp_deadlocks_finish(struct dp_deadlocks *deadlocks);

#endif
