/* See call_edges.h. */
#include "call_edges.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct finder {
    const struct dp_flame *flame;
    bool *is_it;       /* of each name */
    uint64_t *callers; /* by name */
    uint64_t *callees;
};

static uint32_t name_of(const struct finder *finder, uint32_t node)
{
    return finder->flame->nodes[node].name;
}

/* Whether `node` lies inside another call of the same function by the same caller. */
static bool is_inside_such_a_call(const struct finder *finder, uint32_t node)
{
    const struct dp_flame_node *nodes = finder->flame->nodes;

    for (uint32_t i = nodes[node].parent; i != 0; i = nodes[i].parent)
        if (nodes[i].name == nodes[node].name && finder->is_it[name_of(finder, nodes[i].parent)])
            return true;
    return false;
}

static bool is_recursion(const struct finder *finder, uint32_t node)
{
    const struct dp_flame_node *nodes = finder->flame->nodes;

    for (uint32_t i = nodes[node].parent; i != 0; i = nodes[i].parent)
        if (finder->is_it[nodes[i].name])
            return true;
    return false;
}

static void look_at(struct finder *finder, struct dp_call_edges *edges, uint32_t node)
{
    const struct dp_flame_node *of = &finder->flame->nodes[node];
    uint64_t total = of->total[DP_FLAME_NOW];

    if (of->parent != 0 && finder->is_it[name_of(finder, of->parent)] &&
        !finder->is_it[of->name] && !is_inside_such_a_call(finder, node))
        finder->callees[of->name] += total;
    if (!finder->is_it[of->name])
        return;
    edges->found = true;
    edges->self += of->self[DP_FLAME_NOW];
    if (is_recursion(finder, node))
        return;
    edges->total += total;
    finder->callers[of->parent == 0 ? 0 : name_of(finder, of->parent)] += total;
}

static int largest_first(const void *a, const void *b)
{
    const struct dp_call_edge *x = a, *y = b;

    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name;
}

static struct dp_call_edge *list(const struct finder *finder, const uint64_t *totals, size_t *n)
{
    struct dp_call_edge *edges = dp_allocate(finder->flame->n_names, sizeof *edges);

    *n = 0;
    for (uint32_t i = 0; i < finder->flame->n_names; i++)
        if (totals[i] > 0)
            edges[(*n)++] = (struct dp_call_edge){i, totals[i]};
    if (*n > 0)
        qsort(edges, *n, sizeof *edges, largest_first);
    return edges;
}

void dp_call_edges_find(struct dp_call_edges *edges, const struct dp_flame *flame,
                        const char *function)
{
    struct finder finder = {.flame = flame,
                            .is_it = dp_allocate(flame->n_names, sizeof *finder.is_it),
                            .callers = dp_allocate(flame->n_names, sizeof *finder.callers),
                            .callees = dp_allocate(flame->n_names, sizeof *finder.callees)};

    *edges = (struct dp_call_edges){0};
    for (uint32_t i = 1; i < flame->n_names; i++) /* the first is the root's */
        finder.is_it[i] = strcmp(flame->names[i].function, function) == 0;
    for (uint32_t i = 1; i < flame->n_nodes; i++)
        look_at(&finder, edges, i);
    edges->callers = list(&finder, finder.callers, &edges->n_callers);
    edges->callees = list(&finder, finder.callees, &edges->n_callees);
    free(finder.is_it);
    free(finder.callers);
    free(finder.callees);
}

void dp_call_edges_finish(struct dp_call_edges *edges)
{
    free(edges->callers);
    free(edges->callees);
    *edges = (struct dp_call_edges){0};
}
