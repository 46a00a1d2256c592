/* See reasons.h. */
#include "reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Bounds the findings of one call; the runtime writes fewer. */
#define MOST_COMPARED 64

/* ---- records ---- */

void dp_reasons_read(struct dp_reasons *reasons, const struct dp_record *record)
{
    if (record->id != DP_EVENT_ID_reason)
        return;
    reasons->events =
        dp_append(reasons->events, &reasons->n, &reasons->capacity, sizeof *reasons->events);
    dp_record_copy(record, &reasons->events[reasons->n - 1]);
}

static uint64_t seen_ns(const struct dp_event_reason *event)
{
    return event->on_cpu_ns + event->runnable_ns + event->blocked_ns;
}

/* By call; its last record first: that of its end, or the one with the longest time. */
static int by_call_last_first(const void *a, const void *b)
{
    const struct dp_event_reason *x = a, *y = b;
    bool x_open = x->flags & DP_REASON_IN_FLIGHT, y_open = y->flags & DP_REASON_IN_FLIGHT;

    if (x->call != y->call)
        return x->call < y->call ? -1 : 1;
    if (x_open != y_open)
        return x_open ? 1 : -1;
    return seen_ns(x) > seen_ns(y) ? -1 : seen_ns(x) < seen_ns(y);
}

void dp_reasons_settle(struct dp_reasons *reasons)
{
    size_t n = 0;

    if (reasons->n > 0)
        qsort(reasons->events, reasons->n, sizeof *reasons->events, by_call_last_first);
    for (size_t i = 0; i < reasons->n; i++)
        if (n == 0 || reasons->events[n - 1].call != reasons->events[i].call)
            reasons->events[n++] = reasons->events[i];
    reasons->n = n;
}

void dp_reasons_finish(struct dp_reasons *reasons)
{
    free(reasons->events);
    *reasons = (struct dp_reasons){0};
}

static int by_call(const void *key, const void *element)
{
    const uint64_t *call = key;
    const struct dp_event_reason *event = element;

    return *call < event->call ? -1 : *call > event->call;
}

void dp_reasons_forget(struct dp_reasons *reasons, uint64_t call)
{
    size_t n = 0;

    for (size_t i = 0; i < reasons->n; i++)
        if (reasons->events[i].call != call)
            reasons->events[n++] = reasons->events[i];
    reasons->n = n;
}

/* ---- stacks ---- */

/* Files whose functions say how a program waits, not where in the program. */
static const char *const system_files[] = {
    "libc.so", "libc-",           "libpthread",  "ld-linux",    "ld-2.",      "ld-musl",
    "libm.so", "libstdc++.",      "libgcc_s.",   "linux-vdso",  "[vdso]",     "librt",
    "libdl",   "libdeep_profile", "libjemalloc", "libtcmalloc", "libmimalloc"};

static bool is_system(const struct dp_stack_frame *frame)
{
    const char *name = frame->module ? strrchr(frame->module, '/') : NULL;

    if (strcmp(frame->function, "_start") == 0)
        return true;
    name = name ? name + 1 : frame->module;
    for (size_t i = 0; name && i < sizeof system_files / sizeof *system_files; i++)
        if (strncmp(name, system_files[i], strlen(system_files[i])) == 0)
            return true;
    return false;
}

size_t dp_stack_own_frame(const struct dp_stack *stack, size_t from)
{
    for (size_t i = from; i < stack->n_frames; i++)
        if (!is_system(&stack->frames[i]))
            return i;
    return SIZE_MAX;
}

const char *dp_stack_function(const struct dp_stack *stack)
{
    if (!stack || stack->n_frames == 0)
        return "";
    size_t own = dp_stack_own_frame(stack, 0);
    return stack->frames[own == SIZE_MAX ? 0 : own].function;
}

/* ---- the reason of a call ---- */

size_t dp_object_type_bytes(const char *object)
{
    const char *address = strstr(object, " 0x");

    return address ? (size_t)(address - object) : strlen(object);
}

bool dp_stack_waits_for_lock(const struct dp_stack_sample *sample)
{
    size_t bytes = dp_object_type_bytes(sample->object);

    return sample->state == DP_THREAD_BLOCKED &&
           (sample->holder_tid > 0 || (bytes == 5 && memcmp(sample->object, "mutex", 5) == 0) ||
            (bytes == 6 && memcmp(sample->object, "rwlock", 6) == 0));
}

static int compare_objects(const char *x, const char *y)
{
    size_t x_bytes = dp_object_type_bytes(x), y_bytes = dp_object_type_bytes(y);
    int order = memcmp(x, y, x_bytes < y_bytes ? x_bytes : y_bytes);

    return order != 0 ? order : x_bytes < y_bytes ? -1 : x_bytes > y_bytes;
}

double dp_reason_ns_of(const struct dp_reason *reason, const struct dp_stack_sample *sample)
{
    const struct dp_event_reason *event = &reason->event;
    const uint64_t parts[DP_THREAD_STATE_COUNT] = {[DP_THREAD_ON_CPU] = event->on_cpu_ns,
                                                   [DP_THREAD_RUNNABLE] = event->runnable_ns,
                                                   [DP_THREAD_BLOCKED] = event->blocked_ns};
    double all = 0;

    for (size_t i = 0; i < reason->n_samples; i++)
        if (reason->samples[i].state == sample->state)
            all += (double)reason->samples[i].weight_ns;
    return all > 0 && sample->state < DP_THREAD_STATE_COUNT
               ? (double)parts[sample->state] * ((double)sample->weight_ns / all)
               : 0;
}

static bool found_the_same(const struct dp_stack_sample *x, const struct dp_stack_sample *y)
{
    return x->state == y->state && x->syscall == y->syscall && x->holder_tid == y->holder_tid &&
           compare_objects(x->object, y->object) == 0 &&
           strcmp(dp_stack_function(x->stack), dp_stack_function(y->stack)) == 0;
}

static void find_main(struct dp_reason *reason, uint32_t state)
{
    size_t n = reason->n_samples < MOST_COMPARED ? reason->n_samples : MOST_COMPARED;

    for (size_t i = 0; i < n; i++) {
        const struct dp_stack_sample *one = &reason->samples[i];
        double ns = 0;
        for (size_t j = i; one->state == state && j < n; j++)
            if (found_the_same(one, &reason->samples[j]))
                ns += dp_reason_ns_of(reason, &reason->samples[j]);
        if (ns > (double)reason->main_ns) {
            reason->main = one;
            reason->main_ns = (uint64_t)(ns + 0.5);
        }
    }
}

uint64_t dp_reason_ns(const struct dp_reason *reason)
{
    return seen_ns(&reason->event) + reason->event.before_first_look_ns;
}

void dp_reason_find(struct dp_reason *reason, const struct dp_reasons *reasons,
                    const struct dp_stacks *stacks, uint64_t call)
{
    const struct dp_event_reason *event =
        call != 0 && reasons->n > 0
            ? bsearch(&call, reasons->events, reasons->n, sizeof *reasons->events, by_call)
            : NULL;
    size_t first;

    *reason = (struct dp_reason){.known = event != NULL};
    if (!event)
        return;
    reason->event = *event;
    reason->n_samples = dp_stacks_of_call(stacks, call, &first);
    reason->samples = &stacks->samples[first];
    const uint64_t parts[] = {[DP_BECAUSE_ON_CPU] = event->on_cpu_ns,
                              [DP_BECAUSE_RUNNABLE] = event->runnable_ns,
                              [DP_BECAUSE_BLOCKED] = event->blocked_ns,
                              [DP_BECAUSE_UNSEEN] = event->before_first_look_ns};
    for (int i = 0; i <= DP_BECAUSE_UNSEEN; i++)
        if (parts[i] > parts[reason->because])
            reason->because = (enum dp_because)i;
    reason->part_ns = parts[reason->because];
    static const uint32_t states[] = {[DP_BECAUSE_ON_CPU] = DP_THREAD_ON_CPU,
                                      [DP_BECAUSE_RUNNABLE] = DP_THREAD_RUNNABLE,
                                      [DP_BECAUSE_BLOCKED] = DP_THREAD_BLOCKED};
    if (reason->because != DP_BECAUSE_UNSEEN)
        find_main(reason, states[reason->because]);
}
