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
    if (choice->slow && choice->calls && !dp_outermost_is(choice->calls, sample->call))
        return 0;
    switch (choice->of) {
    case DP_FLAME_OF_CPU:
        return sample->state == DP_THREAD_ON_CPU ? sample->weight_ns : 0;
    case DP_FLAME_OF_BLOCKED:
        return sample->state == DP_THREAD_BLOCKED ? sample->weight_ns : 0;
    case DP_FLAME_OF_BYTES:
    case DP_FLAME_OF_HELD:
    case DP_FLAME_OF_PEAK:
        return 0;
    default:
        return sample->weight_ns;
    }
}

/* Without line and address: they differ between samples of one function. */
static uint32_t name_of(struct dp_flame *flame, const struct dp_stack_frame *frame,
                        const struct dp_flame_choice *choice)
{
    struct dp_flame_name name = {.function = frame->named ? frame->function : "[unknown]",
                                 .module = last_part(frame->module),
                                 .place = last_part(frame->file),
                                 .type = DP_FLAME_FUNCTION};

    if (!frame->named)
        name.type = DP_FLAME_UNKNOWN;
    else if (frame->inlined)
        name.type = DP_FLAME_INLINED;
    else if (frame->module && choice->program && strcmp(frame->module, choice->program) != 0)
        name.type = DP_FLAME_LIBRARY;
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

uint32_t dp_flame_add_stack(struct dp_flame *flame, const struct dp_stack *stack,
                            const struct dp_flame_choice *choice)
{
    uint32_t node = 0;

    for (size_t i = stack ? stack->n_frames : 0; i-- > 0;)
        node = dp_flame_child(flame, node, name_of(flame, &stack->frames[i], choice));
    if (stack && stack->n_frames > 0)
        return node;
    return dp_flame_child(
        flame, node,
        dp_flame_name(flame, &(struct dp_flame_name){"[no stack]", "", "", DP_FLAME_UNKNOWN}));
}

static void add(struct dp_flame *flame, enum dp_flame_side side,
                const struct dp_stack_sample *sample, uint64_t weight_ns,
                const struct dp_flame_choice *choice)
{
    uint32_t node = dp_flame_add_stack(flame, sample->stack, choice);

    if (sample->state != DP_THREAD_ON_CPU)
        node = dp_flame_child(flame, node, wait_of(flame, sample));
    dp_flame_weigh(flame, node, side, weight_ns);
}

/* ---- looks that are in the log more than once ---- */

/* By state, stack and wait, then by site. */
static int by_finding(const void *a, const void *b)
{
    const struct dp_stack_sample *x = *(const struct dp_stack_sample *const *)a,
                                 *y = *(const struct dp_stack_sample *const *)b;

    if (x->tid != y->tid)
        return x->tid < y->tid ? -1 : 1;
    if (x->stack_id != y->stack_id)
        return x->stack_id < y->stack_id ? -1 : 1;
    if (x->state != y->state)
        return x->state < y->state ? -1 : 1;
    if (x->syscall != y->syscall)
        return x->syscall < y->syscall ? -1 : 1;
    if (x->holder_tid != y->holder_tid)
        return x->holder_tid < y->holder_tid ? -1 : 1;
    int object = strcmp(x->object, y->object);
    return object ? object : x->site < y->site ? -1 : x->site > y->site;
}

static bool is_same_finding(const struct dp_stack_sample *x, const struct dp_stack_sample *y)
{
    struct dp_stack_sample copy = *y;
    const struct dp_stack_sample *other = &copy;

    copy.site = x->site;
    return by_finding(&x, &other) == 0;
}

/* Samples of one finding, added up. */
struct sum {
    uint64_t looks, weight_ns;
};

/* One look at a thread may be in the log several times: once for each of the nested calls that
 * are sampled, and once for the whole program. The looks of an outer call include those of the
 * calls in it, so for each finding the site with the most time counts, and no other. With `all`,
 * where no call lies in another one, they are added up. Returns how many samples it read. */
static size_t sum_up(const struct dp_stack_sample *const *first, size_t left, bool all,
                     struct sum *most)
{
    size_t n = 0;

    *most = (struct sum){0};
    while (n < left && is_same_finding(first[0], first[n])) {
        struct sum of_site = {0};
        uint32_t site = first[n]->site;
        for (; n < left && first[n]->site == site && is_same_finding(first[0], first[n]); n++) {
            of_site.looks += first[n]->looks;
            of_site.weight_ns += first[n]->weight_ns;
        }
        if (all)
            *most = (struct sum){most->looks + of_site.looks, most->weight_ns + of_site.weight_ns};
        else if (of_site.weight_ns > most->weight_ns)
            *most = of_site;
    }
    return n;
}

uint64_t dp_flame_add_samples(struct dp_flame *flame, enum dp_flame_side side,
                              const struct dp_stacks *stacks,
                              const struct dp_flame_choice *choice,
                              struct dp_flame_side_facts *facts)
{
    const struct dp_stack_sample **chosen = dp_allocate(stacks->n_samples + 1, sizeof *chosen);
    uint64_t looks = 0;
    size_t n = 0;

    for (size_t i = 0; i < stacks->n_samples; i++)
        if (weight_of(&stacks->samples[i], choice) > 0)
            chosen[n++] = &stacks->samples[i];
    if (n > 0)
        qsort(chosen, n, sizeof *chosen, by_finding);
    for (size_t i = 0, next; i < n; i += next) {
        const struct dp_stack_sample *sample = chosen[i];
        struct sum sum;
        next = sum_up(&chosen[i], n - i, choice->slow && choice->calls, &sum);
        looks += sum.looks;
        facts->without_stack += sample->stack ? 0 : sum.looks;
        if (sample->stack && sample->stack->flags & DP_STACK_ENDED_EARLY)
            facts->cut_short += sum.looks;
        add(flame, side, sample, sum.weight_ns, choice);
    }
    free(chosen);
    facts->samples += looks;
    return looks;
}
