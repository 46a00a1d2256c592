/*
 * Why slow calls were slow: how the time of each divided, and what it did in most of it.
 *
 * From `reason` records (the division) and the samples that belong to the call. Data,
 * without a word of text.
 */
#ifndef DP_TOOLS_REASONS_H
#define DP_TOOLS_REASONS_H

#include "stacks.h"

/* The `reason` records of a log. A zeroed one is empty. */
struct dp_reasons {
    struct dp_event_reason *events; /* one a call, by its id, once settled */
    size_t n, capacity;
};

/* Takes a `reason` record; leaves others alone. */
void dp_reasons_read(struct dp_reasons *reasons, const struct dp_record *record);
/* Leaves the last record of each call. Afterwards more may be read. */
void dp_reasons_settle(struct dp_reasons *reasons);
void dp_reasons_finish(struct dp_reasons *reasons);

/* Where most of a call's time went. */
enum dp_because {
    DP_BECAUSE_ON_CPU,
    DP_BECAUSE_RUNNABLE, /* it waited for a processor */
    DP_BECAUSE_BLOCKED,
    DP_BECAUSE_UNSEEN, /* most of it went before the first look */
};

struct dp_reason {
    bool known; /* else nothing else holds: it was not looked at */
    struct dp_event_reason event;
    enum dp_because because;
    uint64_t part_ns; /* of the time, that went so */
    /* What it did then: of looks that found the same function, and the same wait, the longest
     * of those that took longest together. NULL: no look found it so. */
    const struct dp_stack_sample *main;
    uint64_t main_ns; /* of all of those */
    /* All that was found, the longest first. */
    const struct dp_stack_sample *samples;
    size_t n_samples;
};

/* The time that a reason explains: the call's, or what had passed of it when the reason was
 * written. */
uint64_t dp_reason_ns(const struct dp_reason *reason);

/* The time that one of its findings stands for. Clocks say how long the thread ran, waited for
 * a CPU and was blocked; the looks, which are few, say how each of these divides. */
double dp_reason_ns_of(const struct dp_reason *reason, const struct dp_stack_sample *sample);

/* The reason of a call. Both have been settled, and the stacks named. */
void dp_reason_find(struct dp_reason *reason, const struct dp_reasons *reasons,
                    const struct dp_stacks *stacks, uint64_t call);

/*
 * The first frame from `from` on that is the program's: no libc, no loader, no vDSO, none of
 * ours. SIZE_MAX: there is none.
 */
size_t dp_stack_own_frame(const struct dp_stack *stack, size_t from);

/* The name of the function that a stack is in: of its first own frame, or of the first when
 * all are the system's. "": there is no stack. */
const char *dp_stack_function(const struct dp_stack *stack);

/* How long the kind of an object is: "mutex" of "mutex 0x7ffe10", the whole of a file. */
size_t dp_object_kind(const char *object);

#endif
