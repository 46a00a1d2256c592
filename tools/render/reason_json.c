/* See reason_json.h. */
#include "reason_json.h"

#include <string.h>

#include "base/syscall_names.h"
#include "common/events.h"
#include "deep_profile/abi/stack.h"

void dp_json_put_frames(struct dp_json *object, const char *key, const struct dp_stack *stack)
{
    struct dp_json *array = dp_json_put_array(object, key);

    for (size_t i = 0; stack && i < stack->n_frames; i++) {
        const struct dp_stack_frame *frame = &stack->frames[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "function", frame->function);
        dp_json_put_text(one, "file", frame->file);
        if (frame->line > 0)
            dp_json_put_u64(one, "line", frame->line);
        else
            dp_json_put_text(one, "line", NULL);
        dp_json_put_text(one, "module", frame->module);
        if (frame->inlined)
            dp_json_put_bool(one, "inlined", true);
    }
}

static void put_or_null(struct dp_json *object, const char *key, uint64_t value, bool unknown)
{
    if (unknown)
        dp_json_put_text(object, key, NULL);
    else
        dp_json_put_u64(object, key, value);
}

/* ---- waits ---- */

static bool same_wait(const struct dp_stack_sample *x, const struct dp_stack_sample *y)
{
    return y->state == DP_THREAD_BLOCKED && x->syscall == y->syscall &&
           x->holder_tid == y->holder_tid && strcmp(x->object, y->object) == 0 &&
           strcmp(dp_stack_function(x->holder_stack), dp_stack_function(y->holder_stack)) == 0;
}

void dp_json_put_awaited(struct dp_json *object, const struct dp_stack_sample *wait)
{
    const char *name = dp_syscall_name(wait->syscall);

    if (name || wait->syscall < 0)
        dp_json_put_text(object, "syscall", name);
    else
        dp_json_put_i64(object, "syscall", wait->syscall);
    dp_json_put_text(object, "object", *wait->object ? wait->object : NULL);
}

void dp_json_put_holder(struct dp_json *object, const struct dp_stack_sample *wait)
{
    const char *function = dp_stack_function(wait->holder_stack);

    if (wait->holder_tid == 0)
        return;
    dp_json_put_u64(object, "holder_tid", wait->holder_tid);
    dp_json_put_text(object, "holder", *wait->holder ? wait->holder : NULL);
    dp_json_put_text(object, "holder_function", *function ? function : NULL);
}

static void put_wait(struct dp_json *one, const struct dp_stack_sample *wait, uint64_t ns)
{
    dp_json_put_awaited(one, wait);
    dp_json_put_u64(one, "ns", ns);
    dp_json_put_holder(one, wait);
}

/* Each wait once, with the time of all its samples. A call has only a few. */
static void put_waits(struct dp_json *object, const struct dp_reason *reason)
{
    struct dp_json *array = dp_json_put_array(object, "waits");
    size_t n = reason->n_samples < 256 ? reason->n_samples : 256;

    for (size_t i = 0; i < n; i++) {
        const struct dp_stack_sample *wait = &reason->samples[i];
        uint64_t ns = 0;
        bool first = wait->state == DP_THREAD_BLOCKED;
        for (size_t j = 0; first && j < n; j++) {
            if (!same_wait(wait, &reason->samples[j]))
                continue;
            first = j >= i;
            ns += reason->samples[j].weight_ns;
        }
        if (first)
            put_wait(dp_json_add_object(array), wait, ns);
    }
}

static void put_stacks(struct dp_json *object, const struct dp_reason *reason)
{
    struct dp_json *array = dp_json_put_array(object, "stacks");

    for (size_t i = 0; i < reason->n_samples; i++) {
        const struct dp_stack_sample *sample = &reason->samples[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "samples", sample->looks);
        dp_json_put_text(one, "state", dp_thread_state_name(sample->state));
        dp_json_put_u64(one, "ns", sample->weight_ns);
        if (sample->stack && sample->stack->flags & DP_STACK_ENDED_EARLY)
            dp_json_put_bool(one, "incomplete", true);
        dp_json_put_frames(one, "frames", sample->stack);
        if (sample->holder_stack)
            dp_json_put_frames(one, "holder_frames", sample->holder_stack);
    }
}

void dp_json_put_reason(struct dp_json *object, const struct dp_reason *reason)
{
    const struct dp_event_reason *event = &reason->event;

    if (!reason->known) {
        dp_json_put_text(object, "reason", NULL);
        return;
    }
    struct dp_json *one = dp_json_put_object(object, "reason");
    bool no_faults = event->flags & DP_REASON_NO_FAULTS;
    bool no_switches = event->flags & DP_REASON_NO_SWITCHES;
    dp_json_put_u64(one, "on_cpu_ns", event->on_cpu_ns);
    put_or_null(one, "runnable_ns", event->runnable_ns, event->flags & DP_REASON_NO_RUNNABLE);
    dp_json_put_u64(one, "blocked_ns", event->blocked_ns);
    dp_json_put_u64(one, "before_first_look_ns", event->before_first_look_ns);
    dp_json_put_u64(one, "error_ns", event->error_ns);
    dp_json_put_u64(one, "looks", event->looks);
    put_or_null(one, "minor_faults", event->minor_faults, no_faults);
    put_or_null(one, "major_faults", event->major_faults, no_faults);
    put_or_null(one, "voluntary_switches", event->voluntary_switches, no_switches);
    put_or_null(one, "involuntary_switches", event->involuntary_switches, no_switches);
    put_waits(one, reason);
    put_stacks(one, reason);
}
