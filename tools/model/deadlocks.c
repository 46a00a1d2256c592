/* See deadlocks.h. */
#include "deadlocks.h"

#include <stdlib.h>

#include "base/memory.h"

struct waits {
    struct dp_lock_wait *all; /* by tid, each once; `walk`: the walk that visited it last */
    size_t n, capacity;
};

static int by_tid(const void *a, const void *b)
{
    const struct dp_lock_wait *x = a, *y = b;

    return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static void gather(struct waits *waits, const struct dp_profile *profile)
{
    struct dp_reason reason;

    for (size_t i = 0; i < profile->n_slow; i++) {
        const struct dp_slow_call *call = &profile->slow[i];
        if (!(call->flags & DP_SLOW_IN_FLIGHT))
            continue;
        dp_reason_find(&reason, &profile->reasons, &profile->stacks, call->id);
        if (!reason.known || reason.because != DP_BECAUSE_BLOCKED || !reason.main ||
            reason.main->holder_tid == 0)
            continue;
        waits->all = dp_append(waits->all, &waits->n, &waits->capacity, sizeof *waits->all);
        waits->all[waits->n - 1] = (struct dp_lock_wait){.tid = call->tid,
                                                 .holder_tid = reason.main->holder_tid,
                                                 .holder = reason.main->holder,
                                                 .function = dp_stack_function(reason.main->stack)};
    }
    if (waits->n > 0)
        qsort(waits->all, waits->n, sizeof *waits->all, by_tid);
}

static void keep_one_each(struct waits *waits)
{
    size_t n = 0;

    for (size_t i = 0; i < waits->n; i++)
        if (n == 0 || waits->all[n - 1].tid != waits->all[i].tid)
            waits->all[n++] = waits->all[i];
    waits->n = n;
}

static struct dp_lock_wait *wait_of(const struct waits *waits, uint32_t tid)
{
    const struct dp_lock_wait key = {.tid = tid};

    return waits->n > 0 ? bsearch(&key, waits->all, waits->n, sizeof key, by_tid) : NULL;
}

/* Goes around the cycle once from one of its threads. A thread's name comes from the thread that
 * waits for it. */
static void add_cycle(struct dp_deadlocks *deadlocks, const struct waits *waits,
                      const struct dp_lock_wait *first)
{
    const char *name = "";

    for (const struct dp_lock_wait *at = first; *name == 0;) {
        const struct dp_lock_wait *next = wait_of(waits, at->holder_tid);
        if (next == first)
            name = *at->holder ? at->holder : " ";
        at = next;
    }
    for (const struct dp_lock_wait *at = first;; at = wait_of(waits, at->holder_tid)) {
        deadlocks->threads = dp_append(deadlocks->threads, &deadlocks->n, &deadlocks->capacity,
                                       sizeof *deadlocks->threads);
        deadlocks->threads[deadlocks->n - 1] =
            (struct dp_deadlock_thread){.tid = at->tid,
                                        .name = *name == ' ' ? "" : name,
                                        .function = at->function,
                                        .last = at->holder_tid == first->tid};
        name = at->holder;
        if (at->holder_tid == first->tid)
            break;
    }
    deadlocks->cycles++;
}

static void find_among(struct dp_deadlocks *deadlocks, const struct waits *waits)
{
    for (size_t i = 0; i < waits->n; i++) {
        struct dp_lock_wait *at = &waits->all[i];
        for (; at && at->walk == 0; at = wait_of(waits, at->holder_tid))
            at->walk = i + 1;
        if (at && at->walk == i + 1) /* visited in this same walk: a cycle */
            add_cycle(deadlocks, waits, at);
    }
}

void dp_deadlocks_find(struct dp_deadlocks *deadlocks, const struct dp_profile *profile)
{
    struct waits waits = {0};

    *deadlocks = (struct dp_deadlocks){0};
    gather(&waits, profile);
    keep_one_each(&waits); /* nested slow calls have one thread */
    find_among(deadlocks, &waits);
    free(waits.all);
}

void dp_deadlocks_among(struct dp_deadlocks *deadlocks, struct dp_lock_wait *all, size_t n)
{
    struct waits waits = {.all = all, .n = n};

    *deadlocks = (struct dp_deadlocks){0};
    keep_one_each(&waits);
    find_among(deadlocks, &waits);
}

void dp_deadlocks_finish(struct dp_deadlocks *deadlocks)
{
    free(deadlocks->threads);
    *deadlocks = (struct dp_deadlocks){0};
}
