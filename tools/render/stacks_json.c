/* See stacks_json.h. */
#include "stacks_json.h"

#include "base/syscall_names.h"
#include "common/events.h"
#include "deep_profile/abi/stack.h"
#include "model/stack_names.h"
#include "reason_json.h"
#include "reason_words.h"

/* 0: not known. */
static void put_or_null(struct dp_json *object, const char *key, uint64_t value)
{
    if (value > 0)
        dp_json_put_u64(object, key, value);
    else
        dp_json_put_text(object, key, NULL);
}

static void put_calls(struct dp_json *object, const struct dp_snapshot_thread *thread)
{
    struct dp_json *array = dp_json_put_array(object, "open_calls");

    for (uint32_t i = 0; i < thread->n_calls; i++) {
        const struct dp_snapshot_call *call = &thread->calls[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "function", call->site ? call->site->function : NULL);
        dp_json_put_text(one, "file", call->site ? call->site->file : NULL);
        put_or_null(one, "line", call->site ? call->site->line : 0);
        dp_json_put_u64(one, "open_ns", call->open_ns);
        dp_json_put_u64(one, "error_ns", call->error_ns);
    }
    dp_json_put_u64(object, "more_open_calls", thread->more_calls);
}

static void put_thread(struct dp_json *one, const struct dp_snapshot_thread *thread)
{
    const struct dp_stack_sample *look = &thread->look;
    char letter[] = {thread->letter, 0};

    dp_json_put_u64(one, "tid", thread->tid);
    dp_json_put_text(one, "name", thread->name);
    dp_json_put_text(one, "state", thread->letter ? letter : dp_thread_state_name(look->state));
    if (!thread->letter) {
        dp_json_put_u64(one, "cpu_ns", thread->cpu_ns);
        put_or_null(one, "waits_at_least_ns", thread->waits_ns);
    }
    dp_json_put_awaited(one, look);
    dp_json_put_holder(one, look);
    if (look->holder_tid != 0)
        dp_json_put_frames(one, "holder_frames", look->holder_stack);
    if (thread->deadlock)
        dp_json_put_u64(one, "deadlock", thread->deadlock);
    put_calls(one, thread);
    if (thread->letter)
        return;
    bool has_stack = look->stack && look->stack->n_frames > 0;
    if (!has_stack)
        dp_json_put_text(one, "no_stack", dp_no_stack_words(look->flags));
    else if (look->stack->flags & DP_STACK_ENDED_EARLY)
        dp_json_put_bool(one, "incomplete", true);
    dp_json_put_frames(one, "frames", look->stack);
}

static void put_deadlocks(struct dp_json *object, const struct dp_deadlocks *deadlocks)
{
    struct dp_json *array = dp_json_put_array(object, "deadlocks"), *threads = NULL;

    for (size_t i = 0; i < deadlocks->n; i++) {
        const struct dp_deadlock_thread *thread = &deadlocks->threads[i];
        if (i == 0 || thread[-1].last)
            threads = dp_json_put_array(dp_json_add_object(array), "threads");
        struct dp_json *one = dp_json_add_object(threads);
        dp_json_put_u64(one, "tid", thread->tid);
        dp_json_put_text(one, "name", *thread->name ? thread->name : NULL);
        dp_json_put_text(one, "function", *thread->function ? thread->function : NULL);
    }
}

void dp_json_put_stacks(const struct dp_snapshot *snapshot, struct dp_json *object)
{
    dp_json_put_text(object, "program", snapshot->program);
    dp_json_put_u64(object, "pid", snapshot->pid);
    dp_json_put_u64(object, "time_unix_ns", snapshot->unix_ns);
    dp_json_put_bool(object, "answered", snapshot->number != 0);
    dp_json_put_bool(object, "by_signal", snapshot->flags & DP_SNAPSHOT_BY_SIGNAL);
    dp_json_put_bool(object, "cut", snapshot->flags & DP_SNAPSHOT_CUT);
    dp_json_put_u64(object, "took_ns", snapshot->took_ns);
    put_deadlocks(object, &snapshot->deadlocks);
    struct dp_json *threads = dp_json_put_array(object, "threads");
    for (size_t i = 0; i < snapshot->n_threads; i++)
        put_thread(dp_json_add_object(threads), &snapshot->threads[i]);
    struct dp_json *problems = dp_json_put_array(object, "missing_names");
    const char *problem;
    for (size_t i = 0; (problem = dp_stacks_problem(&snapshot->stacks, i)); i++)
        if (*problem)
            dp_json_put_text(dp_json_add_object(problems), "problem", problem);
}
