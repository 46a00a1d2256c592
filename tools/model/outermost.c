/* See outermost.h. */
#include "outermost.h"

#include <stdlib.h>

#include "base/memory.h"

struct span {
    const struct dp_slow_call *call;
    uint64_t start_ns, end_ns;
};

static uint64_t start_of(const struct dp_slow_call *call)
{
    return call->time_ns > call->duration_ns ? call->time_ns - call->duration_ns : 0;
}

/* By thread and start, the longer one first. Of two that are alike, and in flight, the outer one
 * was reported first; else the inner one ended, and was written, first. */
static int outer_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    bool x_before = x->call->order < y->call->order;

    if (x->call->tid != y->call->tid)
        return x->call->tid < y->call->tid ? -1 : 1;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    if (x->end_ns != y->end_ns)
        return x->end_ns > y->end_ns ? -1 : 1;
    return x_before == (x->end_ns == UINT64_MAX) ? -1 : 1;
}

/* Starts and ends are as exact as the durations. */
static bool contains(const struct span *outer, const struct span *inner)
{
    uint64_t slack = outer->call->error_ns + inner->call->error_ns;

    return outer->call->tid == inner->call->tid &&
           (inner->end_ns <= outer->end_ns || inner->end_ns - outer->end_ns <= slack);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

void dp_outermost_find(struct dp_outermost *outermost, const struct dp_profile *profile,
                       bool (*has)(const struct dp_profile *profile, uint64_t call))
{
    struct span *spans = dp_allocate(profile->n_slow + 1, sizeof *spans);
    const struct span *around = NULL;
    size_t n = 0;

    *outermost = (struct dp_outermost){dp_allocate(profile->n_slow + 1, sizeof(uint64_t)), 0};
    for (size_t i = 0; i < profile->n_slow; i++) {
        const struct dp_slow_call *call = &profile->slow[i];
        if (call->id && has(profile, call->id))
            spans[n++] = (struct span){call, start_of(call),
                                       call->flags & DP_SLOW_IN_FLIGHT ? UINT64_MAX : call->time_ns};
    }
    qsort(spans, n, sizeof *spans, outer_first);
    for (size_t i = 0; i < n; i++) {
        if (around && contains(around, &spans[i]))
            continue;
        around = &spans[i];
        outermost->calls[outermost->n++] = spans[i].call->id;
    }
    qsort(outermost->calls, outermost->n, sizeof *outermost->calls, by_number);
    free(spans);
}

void dp_outermost_finish(struct dp_outermost *outermost)
{
    free(outermost->calls);
    *outermost = (struct dp_outermost){0};
}

bool dp_outermost_is(const struct dp_outermost *outermost, uint64_t call)
{
    return outermost->n > 0 && bsearch(&call, outermost->calls, outermost->n,
                                       sizeof *outermost->calls, by_number);
}
