/* See operations.h. */
#include "operations.h"

#include <stdlib.h>

#include "base/memory.h"

#define NONE SIZE_MAX

/* A call among the calls of its thread. Links are indices. */
struct node {
    const struct dp_slow_call *call;
    uint64_t end_ns;
    size_t around;  /* the call that it lies within */
    size_t inside;  /* the first call within it; in order of time */
    size_t next;    /* within the same call */
    size_t longest; /* within it */
    size_t n_inside;
    uint64_t inside_ns;
    bool alone; /* an operation begins here */
};

static bool in_flight(const struct node *node)
{
    return node->call->flags & DP_SLOW_IN_FLIGHT;
}

static uint64_t start_of(const struct dp_slow_call *call)
{
    return call->time_ns > call->duration_ns ? call->time_ns - call->duration_ns : 0;
}

/* ---- nesting ---- */

/* Thread by thread, the last end first, so that a call comes before those within it. Of two
 * that ended in one moment the outer one was written last. Calls in flight end when the last
 * of them does; the outer one began first, and was reported first. */
static int outer_first(const void *a, const void *b)
{
    const struct node *x = a, *y = b;
    uint64_t x_start = start_of(x->call), y_start = start_of(y->call);

    if (x->call->tid != y->call->tid)
        return x->call->tid < y->call->tid ? -1 : 1;
    if (x->end_ns != y->end_ns)
        return x->end_ns > y->end_ns ? -1 : 1;
    if (in_flight(x) != in_flight(y))
        return in_flight(x) ? -1 : 1;
    if (!in_flight(x))
        return x->call->order > y->call->order ? -1 : 1;
    if (x_start != y_start)
        return x_start < y_start ? -1 : 1;
    return x->call->order < y->call->order ? -1 : 1;
}

static int by_thread(const void *a, const void *b)
{
    const struct node *x = a, *y = b;

    return x->call->tid < y->call->tid ? -1 : x->call->tid > y->call->tid;
}

/* A call in flight was reported when it became slow; it ran at least until its last report. */
static void end_those_in_flight(struct node *nodes, size_t n)
{
    qsort(nodes, n, sizeof *nodes, by_thread);
    for (size_t first = 0, next; first < n; first = next) {
        uint64_t end_ns = 0;
        for (next = first; next < n && nodes[next].call->tid == nodes[first].call->tid; next++)
            if (in_flight(&nodes[next]) && nodes[next].end_ns > end_ns)
                end_ns = nodes[next].end_ns;
        for (size_t i = first; i < next; i++)
            if (in_flight(&nodes[i]))
                nodes[i].end_ns = end_ns;
    }
}

/* Whether `inner`, which ended no later, lies within `outer`. Starts are as exact as the
 * durations. */
static bool contains(const struct node *outer, const struct node *inner)
{
    uint64_t slack = outer->call->error_ns + inner->call->error_ns;

    if (outer->call->tid != inner->call->tid)
        return false;
    if (slack > inner->call->duration_ns / 2)
        slack = inner->call->duration_ns / 2;
    return start_of(outer->call) <= start_of(inner->call) + slack;
}

static void put_inside(struct node *nodes, size_t outer, size_t inner)
{
    struct node *around = &nodes[outer];
    uint64_t ns = nodes[inner].call->duration_ns;

    nodes[inner].around = outer;
    nodes[inner].next = around->inside;
    around->inside = inner;
    around->n_inside++;
    around->inside_ns += ns;
    if (around->longest == NONE || ns > nodes[around->longest].call->duration_ns)
        around->longest = inner;
}

static void nest(struct node *nodes, size_t n)
{
    size_t innermost = NONE;

    for (size_t i = 0; i < n; i++) {
        while (innermost != NONE && !contains(&nodes[innermost], &nodes[i]))
            innermost = nodes[innermost].around;
        if (innermost != NONE)
            put_inside(nodes, innermost, i);
        innermost = i;
    }
}

static struct node *make_nodes(const struct dp_profile *profile)
{
    struct node *nodes = dp_allocate(profile->n_slow, sizeof *nodes);

    for (size_t i = 0; i < profile->n_slow; i++)
        nodes[i] = (struct node){.call = &profile->slow[i],
                                 .end_ns = profile->slow[i].time_ns,
                                 .around = NONE,
                                 .inside = NONE,
                                 .next = NONE,
                                 .longest = NONE};
    end_those_in_flight(nodes, profile->n_slow);
    qsort(nodes, profile->n_slow, sizeof *nodes, outer_first);
    nest(nodes, profile->n_slow);
    return nodes;
}

/* ---- operations ---- */

static bool is_half(uint64_t part, uint64_t whole)
{
    return part >= whole - part || part >= whole;
}

/* Whether `inner` is a step of the operation of the call around it. */
static bool explains(const struct node *nodes, size_t inner)
{
    const struct node *around = &nodes[nodes[inner].around];
    uint64_t whole = around->call->duration_ns;

    if (around->n_inside <= DP_OPERATION_STEPS && is_half(around->inside_ns, whole))
        return true;
    return inner == around->longest && is_half(nodes[inner].call->duration_ns, whole);
}

/* Roots first, the worst before the others. */
static int worst_first(const void *a, const void *b)
{
    const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;
    uint64_t x_ns = x->call->duration_ns, y_ns = y->call->duration_ns;

    if (x_ns != y_ns)
        return x_ns > y_ns ? -1 : 1;
    return x->end_ns < y->end_ns ? -1 : x->end_ns > y->end_ns;
}

static const struct node **find_roots(struct node *nodes, size_t n, size_t *found)
{
    const struct node **roots = dp_allocate(n, sizeof *roots);

    *found = 0;
    for (size_t i = 0; i < n; i++) {
        nodes[i].alone = nodes[i].around == NONE || !explains(nodes, i);
        if (nodes[i].alone)
            roots[(*found)++] = &nodes[i];
    }
    qsort(roots, *found, sizeof *roots, worst_first);
    return roots;
}

/* The first call from `at` on, in order of time, that belongs to the operation. */
static size_t step_from(const struct node *nodes, size_t at)
{
    while (at != NONE && nodes[at].alone)
        at = nodes[at].next;
    return at;
}

static uint64_t count_elsewhere(const struct node *nodes, const struct node *node)
{
    uint64_t n = 0;

    for (size_t i = node->inside; i != NONE; i = nodes[i].next)
        n += nodes[i].alone;
    return n;
}

static size_t find_leaf(const struct node *nodes, size_t at)
{
    while (nodes[at].longest != NONE && !nodes[nodes[at].longest].alone)
        at = nodes[at].longest;
    return at;
}

/* The operation's calls, each before those within it. Nesting may be deep: no recursion. */
static void add_steps(struct dp_operations *operations, size_t *capacity,
                      const struct node *nodes, size_t root)
{
    size_t leaf = find_leaf(nodes, root), at = root;
    uint32_t depth = 0;

    while (at != NONE) {
        operations->steps = dp_append(operations->steps, &operations->n_steps, capacity,
                                      sizeof *operations->steps);
        operations->steps[operations->n_steps - 1] =
            (struct dp_operation_step){nodes[at].call, (uint32_t)operations->n, depth, at == leaf,
                                       count_elsewhere(nodes, &nodes[at])};
        size_t next = step_from(nodes, nodes[at].inside);
        if (next != NONE)
            depth++;
        while (next == NONE && at != root) {
            next = step_from(nodes, nodes[at].next);
            if (next != NONE)
                break;
            at = nodes[at].around;
            depth--;
        }
        at = next;
    }
}

/* The sums of the sites are in order of the sites. */
static int by_site(const void *a, const void *b)
{
    uint32_t x = ((const struct dp_operation_leaf *)a)->site,
             y = ((const struct dp_operation_leaf *)b)->site;

    return x < y ? -1 : x > y;
}

static struct dp_operation_leaf find_longest(const struct node *nodes, size_t n)
{
    struct dp_operation_leaf *leaves = dp_allocate(n, sizeof *leaves), longest = {0};
    size_t n_leaves = 0;

    for (size_t i = 0; i < n; i++)
        if (nodes[i].n_inside == 0)
            leaves[n_leaves++] =
                (struct dp_operation_leaf){nodes[i].call->site, 1, nodes[i].call->duration_ns};
    qsort(leaves, n_leaves, sizeof *leaves, by_site);
    for (size_t first = 0, next; first < n_leaves; first = next) {
        struct dp_operation_leaf sum = leaves[first];
        for (next = first + 1; next < n_leaves && leaves[next].site == sum.site; next++) {
            sum.calls++;
            sum.ns += leaves[next].ns;
        }
        if (sum.ns > longest.ns)
            longest = sum;
    }
    free(leaves);
    return longest;
}

void dp_operations_make(struct dp_operations *operations, const struct dp_profile *profile)
{
    size_t capacity = 0;

    *operations = (struct dp_operations){0};
    if (profile->n_slow == 0)
        return;
    struct node *nodes = make_nodes(profile);
    const struct node **roots = find_roots(nodes, profile->n_slow, &operations->found);
    while (operations->n < operations->found && operations->n < profile->slow_limit) {
        const struct node *root = roots[operations->n++];
        add_steps(operations, &capacity, nodes, (size_t)(root - nodes));
    }
    operations->longest = find_longest(nodes, profile->n_slow);
    free(roots);
    free(nodes);
}

void dp_operations_finish(struct dp_operations *operations)
{
    free(operations->steps);
    *operations = (struct dp_operations){0};
}
