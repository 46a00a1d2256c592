/* See sampled_functions.h. */
#include "sampled_functions.h"

#include <stdlib.h>

#include "base/memory.h"

/* Nodes come before those below them: behind `end` of the outermost of a name, no node of that name
 * is inside it. */
static void add_up(const struct dp_flame *flame, struct dp_sampled_function *by_name)
{
    uint32_t *until = dp_allocate(flame->n_names, sizeof *until);

    for (uint32_t i = 1; i < flame->n_nodes; i++) {
        const struct dp_flame_node *node = &flame->nodes[i];
        struct dp_sampled_function *function = &by_name[node->name];
        function->self_cpu_ns += node->self[DP_SAMPLED_CPU];
        if (i < until[node->name])
            continue;
        until[node->name] = node->end;
        function->wall_ns += node->total[DP_SAMPLED_WALL];
        function->cpu_ns += node->total[DP_SAMPLED_CPU];
    }
    free(until);
}

static int hottest_first(const void *a, const void *b)
{
    const struct dp_sampled_function *x = a, *y = b;

    if (x->self_cpu_ns != y->self_cpu_ns)
        return x->self_cpu_ns > y->self_cpu_ns ? -1 : 1;
    if (x->wall_ns != y->wall_ns)
        return x->wall_ns > y->wall_ns ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name;
}

void dp_sampled_functions_make(struct dp_sampled_functions *functions, struct dp_flame *flame,
                               uint64_t looks)
{
    struct dp_sampled_function *by_name = dp_allocate(flame->n_names, sizeof *by_name);
    size_t n = 0;

    add_up(flame, by_name);
    for (uint32_t i = 1; i < flame->n_names; i++) { /* the first is the root's */
        struct dp_sampled_function function = by_name[i];
        function.name = i;
        if (function.wall_ns > 0 && flame->names[i].type != DP_FLAME_WAIT)
            by_name[n++] = function;
    }
    if (n > 0)
        qsort(by_name, n, sizeof *by_name, hottest_first);
    *functions = (struct dp_sampled_functions){.flame = *flame,
                                               .functions = by_name,
                                               .n = n,
                                               .wall_ns = flame->nodes[0].total[DP_SAMPLED_WALL],
                                               .cpu_ns = flame->nodes[0].total[DP_SAMPLED_CPU],
                                               .looks = looks};
    *flame = (struct dp_flame){0};
}

void dp_sampled_functions_finish(struct dp_sampled_functions *functions)
{
    if (functions->functions)
        dp_flame_finish(&functions->flame);
    free(functions->functions);
    *functions = (struct dp_sampled_functions){0};
}
