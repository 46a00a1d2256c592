/*
 * Why slow calls were slow: how the time of each divided, and what took most of it.
 *
 * Made from `reason` records, which have the division, and the samples of the call. Data only,
 * no text.
 */
#ifndef DP_TOOLS_REASONS_H
#define DP_TOOLS_REASONS_H

#include "stacks.h"

/* The `reason` records of a log. A zeroed one is empty. */
struct dp_reasons {
    struct dp_event_reason *events; /* settled: one for each call, by its id */
    size_t n, capacity;
};

/* Adds a `reason` record; ignores other records. */
void dp_reasons_read(struct dp_reasons *reasons, const struct dp_record *record);
/* Keeps only the last record of each call. More may be read afterwards. */
void dp_reasons_settle(struct dp_reasons *reasons);
void dp_reasons_forget(struct dp_reasons *reasons, uint64_t call);
void dp_reasons_finish(struct dp_reasons *reasons);

/* Where most of a call's time went. */
enum dp_because {
    DP_BECAUSE_ON_CPU,
    DP_BECAUSE_RUNNABLE, /* it waited for a processor */
    DP_BECAUSE_BLOCKED,
    DP_BECAUSE_UNSEEN, /* most of it passed before the first look */
};

struct dp_reason {
    bool known; /* false: it was not looked at, and nothing else is valid */
    struct dp_event_reason event;
    enum dp_because because;
    uint64_t part_ns; /* how much of the time this was */
    /* What it did then. Looks with the same function and the same wait are added up; this is the
     * longest look of the largest sum. NULL: no look found this state. */
    const struct dp_stack_sample *main;
    uint64_t main_ns; /* of that sum */
    /* All findings, the longest first. */
    const struct dp_stack_sample *samples;
    size_t n_samples;
};

/* The time that a reason explains: the call's duration, or its age when the reason was
 * written. */
uint64_t dp_reason_ns(const struct dp_reason *reason);

/* The time that one of its findings stands for. The thread's clocks say exactly how long it ran,
 * waited for a CPU and was blocked; the few looks only divide each of these. */
double dp_reason_ns_of(const struct dp_reason *reason, const struct dp_stack_sample *sample);

/* The reason of a call. `reasons` and `stacks` must be settled, and the stacks have names. */
void dp_reason_find(struct dp_reason *reason, const struct dp_reasons *reasons,
                    const struct dp_stacks *stacks, uint64_t call);

/*
 * The first frame from `from` on that is in the program's code: not in libc, the loader, the
 * vDSO or our library. SIZE_MAX: none.
 */
size_t dp_stack_own_frame(const struct dp_stack *stack, size_t from);

/* The function that a stack is in: its first frame in the program's code, or its innermost frame
 * when it has none. "": no stack. */
const char *dp_stack_function(const struct dp_stack *stack);

/* Was the thread blocked by a lock that another one holds? */
bool dp_stack_waits_for_lock(const struct dp_stack_sample *sample);

/* The length of an object's type: "mutex" in "mutex 0x7ffe10"; a file's path as a whole. */
size_t dp_object_type_bytes(const char *object);

#endif
