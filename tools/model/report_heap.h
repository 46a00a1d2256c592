/*
 * Who holds memory: the sampled allocations of a report, by the stack that made them.
 *
 * Four figures each: what was allocated in all, what of it is held at the end, what was held
 * when all stacks together held most, and how it grew. Growth is between two moments, the
 * middle and the end: what was held at the second less what was held at the first, of
 * allocations that were not young then: younger than a tenth of the time. What a program
 * just works with is no growth, what it never gives back is.
 */
#ifndef DP_TOOLS_REPORT_HEAP_H
#define DP_TOOLS_REPORT_HEAP_H

#include "allocations.h"

struct dp_profile;

enum dp_heap_figure {
    DP_HEAP_AT_END,
    DP_HEAP_AT_PEAK,
    DP_HEAP_GROWTH,
    DP_HEAP_ALLOCATED,
    DP_HEAP_FIGURES
};

struct dp_heap_row {
    const struct dp_stack *stack; /* of one of them; all have the same functions. NULL: none */
    struct dp_bytes_sum sums[DP_HEAP_FIGURES];
    struct dp_estimate of[DP_HEAP_FIGURES];
};

struct dp_report_heap {
    bool asked; /* DEEP_PROFILE_HEAP is in force */
    const char *unseen; /* why nothing could be sampled; NULL: it could */
    uint64_t interval; /* bytes, the last one in force; 0: not known */
    struct dp_heap_row all;
    struct dp_heap_row *rows; /* who holds most at the end or at the peak first */
    size_t n;
    uint64_t peak_after_ns; /* the start */
    uint64_t from_after_ns, to_after_ns; /* of growth */
    uint64_t young_ns;
    uint64_t lost_allocations, lost_releases; /* sampled, and not in the figures */
};

/* The stacks of the profile have names. */
void dp_report_heap_make(struct dp_report_heap *heap, const struct dp_profile *profile);
void dp_report_heap_finish(struct dp_report_heap *heap);

/* Is the growth more than chance? */
bool dp_heap_grew(const struct dp_heap_row *row);

#endif
