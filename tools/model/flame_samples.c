/* See flame_samples.h. */
#include "flame_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/syscall_names.h"
#include "deep_profile/abi/log.h"
#include "deep_profile/abi/stack.h"

static const char *last_part(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "";
}

static uint64_t weight_of(const struct dp_stack_sample *sample,
                          const struct dp_flame_choice *choice)
{
    if ((sample->call != 0) != choice->slow || (choice->site && sample->site != choice->site))
        return 0;
    switch (choice->of) {
    case DP_FLAME_OF_CPU:
        return sample->state == DP_THREAD_ON_CPU ? sample->weight_ns : 0;
    case DP_FLAME_OF_BLOCKED:
        return sample->state == DP_THREAD_BLOCKED ? sample->weight_ns : 0;
    case DP_FLAME_OF_BYTES:
        return 0;
    default:
        return sample->weight_ns;
    }
}

/* Without line and address, which differ from sample to sample of one function. */
static uint32_t name_of(struct dp_flame *flame, const struct dp_stack_frame *frame,
                        const struct dp_flame_choice *choice)
{
    struct dp_flame_name name = {.function = frame->named ? frame->function : "[unknown]",
                                 .module = last_part(frame->module),
                                 .place = last_part(frame->file),
                                 .kind = DP_FLAME_FUNCTION};

    if (!frame->named)
        name.kind = DP_FLAME_UNKNOWN;
    else if (frame->inlined)
        name.kind = DP_FLAME_INLINED;
    else if (frame->module && choice->program && strcmp(frame->module, choice->program) != 0)
        name.kind = DP_FLAME_LIBRARY;
    return dp_flame_name(flame, &name);
}

/* "futex: mutex, held by worker-3" */
static uint32_t wait_of(struct dp_flame *flame, const struct dp_stack_sample *sample)
{
    const char *call = sample->syscall >= 0 ? dp_syscall_name(sample->syscall) : NULL;
    char text[512];
    int at = snprintf(text, sizeof text, "%s", call ? call : "blocked");

    if (sample->state == DP_THREAD_RUNNABLE)
        at = snprintf(text, sizeof text, "waits for a CPU");
    else if (*sample->object)
        at += snprintf(text + at, sizeof text - (size_t)at, ": %.300s", sample->object);
    if (sample->holder_tid && *sample->holder)
        snprintf(text + at, sizeof text - (size_t)at, ", held by %.64s", sample->holder);
    return dp_flame_name(flame, &(struct dp_flame_name){text, "", "", DP_FLAME_WAIT});
}

static void add(struct dp_flame *flame, enum dp_flame_side side,
                const struct dp_stack_sample *sample, const struct dp_flame_choice *choice)
{
    const struct dp_stack *stack = sample->stack;
    uint32_t node = 0;

    for (size_t i = stack ? stack->n_frames : 0; i-- > 0;)
        node = dp_flame_child(flame, node, name_of(flame, &stack->frames[i], choice));
    if (!stack || stack->n_frames == 0)
        node = dp_flame_child(
            flame, node,
            dp_flame_name(flame, &(struct dp_flame_name){"[no stack]", "", "", DP_FLAME_UNKNOWN}));
    if (sample->state != DP_THREAD_ON_CPU)
        node = dp_flame_child(flame, node, wait_of(flame, sample));
    dp_flame_weigh(flame, node, side, weight_of(sample, choice));
}

uint64_t dp_flame_add_samples(struct dp_flame *flame, enum dp_flame_side side,
                              const struct dp_stacks *stacks,
                              const struct dp_flame_choice *choice,
                              struct dp_flame_side_facts *facts)
{
    uint64_t looks = 0;

    for (size_t i = 0; i < stacks->n_samples; i++) {
        const struct dp_stack_sample *sample = &stacks->samples[i];
        if (weight_of(sample, choice) == 0)
            continue;
        looks += sample->looks;
        facts->without_stack += sample->stack ? 0 : sample->looks;
        if (sample->stack && sample->stack->flags & DP_STACK_ENDED_EARLY)
            facts->cut_short += sample->looks;
        add(flame, side, sample, choice);
    }
    facts->samples += looks;
    return looks;
}
