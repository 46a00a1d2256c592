/* See reason_groups.h. */
#include "reason_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A call, with the parts of its reason that are compared. */
struct item {
    const struct dp_slow_call *call;
    const char *function, *holder, *object;
    int32_t syscall;
    enum dp_because because;
};

static struct item item_of(const struct dp_slow_call *call, const struct dp_reason *reason)
{
    const struct dp_stack_sample *main = reason->main;

    return (struct item){.call = call,
                         .function = main ? dp_stack_function(main->stack) : "",
                         .holder = main ? dp_stack_function(main->holder_stack) : "",
                         .object = main ? main->object : "",
                         .syscall = main ? main->syscall : -1,
                         .because = reason->because};
}

static int order(uint64_t x, uint64_t y)
{
    return x < y ? -1 : x > y;
}

static int compare_reasons(const struct item *x, const struct item *y)
{
    int result = order(x->call->site, y->call->site);

    result = result ? result : order(x->because, y->because);
    result = result ? result : strcmp(x->function, y->function);
    result = result ? result : strcmp(x->holder, y->holder);
    result = result ? result : order((uint32_t)x->syscall, (uint32_t)y->syscall);
    if (result)
        return result;
    size_t x_bytes = dp_object_type_bytes(x->object), y_bytes = dp_object_type_bytes(y->object);
    result = memcmp(x->object, y->object, x_bytes < y_bytes ? x_bytes : y_bytes);
    return result ? result : order(x_bytes, y_bytes);
}

static int by_reason_longest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int result = compare_reasons(x, y);

    result = result ? result : order(y->call->duration_ns, x->call->duration_ns);
    return result ? result : order(x->call->order, y->call->order);
}

static int longest_first(const void *a, const void *b)
{
    const struct dp_reason_group *x = a, *y = b;
    int result = order(y->call->duration_ns, x->call->duration_ns);

    return result ? result : order(x->call->order, y->call->order);
}

static struct item *items_of(const struct dp_profile *profile, size_t *n, uint64_t *unknown)
{
    struct item *items = dp_allocate(profile->n_slow + 1, sizeof *items);
    struct dp_reason reason;

    for (size_t i = 0; i < profile->n_slow; i++) {
        const struct dp_slow_call *call = &profile->slow[i];
        dp_reason_find(&reason, &profile->reasons, &profile->stacks, call->id);
        if (reason.known)
            items[(*n)++] = item_of(call, &reason);
        else
            ++*unknown;
    }
    return items;
}

static void begin_group(struct dp_reason_groups *groups, const struct dp_profile *profile,
                        const struct item *item)
{
    groups->groups =
        dp_append(groups->groups, &groups->n, &groups->capacity, sizeof *groups->groups);
    struct dp_reason_group *group = &groups->groups[groups->n - 1];
    *group = (struct dp_reason_group){.call = item->call};
    dp_reason_find(&group->reason, &profile->reasons, &profile->stacks, item->call->id);
}

void dp_reason_groups_make(struct dp_reason_groups *groups, const struct dp_profile *profile)
{
    size_t n = 0;

    *groups = (struct dp_reason_groups){0};
    struct item *items = items_of(profile, &n, &groups->unknown);
    if (n > 0)
        qsort(items, n, sizeof *items, by_reason_longest_first);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || compare_reasons(&items[i - 1], &items[i]) != 0)
            begin_group(groups, profile, &items[i]);
        struct dp_reason_group *group = &groups->groups[groups->n - 1];
        group->calls++;
        group->in_flight += items[i].call->flags & DP_SLOW_IN_FLIGHT ? 1 : 0;
        group->shortest_ns = items[i].call->duration_ns;
    }
    groups->calls = n;
    if (groups->n > 0)
        qsort(groups->groups, groups->n, sizeof *groups->groups, longest_first);
    free(items);
}

void dp_reason_groups_finish(struct dp_reason_groups *groups)
{
    free(groups->groups);
    *groups = (struct dp_reason_groups){0};
}
