/* See tree_rows.h. */
#include "tree_rows.h"

#include <stdlib.h>

#include "base/memory.h"

static struct dp_tree_row *append(struct dp_tree_rows *rows)
{
    rows->rows = dp_append(rows->rows, &rows->n, &rows->capacity, sizeof *rows->rows);
    return &rows->rows[rows->n - 1];
}

static uint64_t without(uint64_t whole, uint64_t part)
{
    return whole > part ? whole - part : 0;
}

static void add_call(struct dp_tree_rows *rows, const struct dp_tree_node *node,
                     const struct dp_site_table *sites, uint32_t depth)
{
    const struct dp_site_info *info = dp_site_find(sites, node->site);
    size_t at = rows->n;

    *append(rows) = (struct dp_tree_row){.function = info ? info->function : NULL,
                                         .info = info,
                                         .site = node->site,
                                         .depth = depth,
                                         .total_ns = node->total_ns,
                                         .self_ns = without(node->total_ns, node->callees_ns),
                                         .calls = node->calls};
    for (size_t i = 0; i < node->n_callees; i++)
        add_call(rows, node->callees[i], sites, depth + 1);
    rows->rows[at].end = rows->n;
}

void dp_tree_rows_of_call(struct dp_tree_rows *rows, const struct dp_tree_node *node,
                          const struct dp_site_table *sites)
{
    *rows = (struct dp_tree_rows){.whole_ns = node->total_ns};
    add_call(rows, node, sites, 0);
}

void dp_tree_rows_of_callees(struct dp_tree_rows *rows, const struct dp_tree_node *node,
                             const struct dp_site_table *sites)
{
    *rows = (struct dp_tree_rows){.whole_ns = node->callees_ns};
    for (size_t i = 0; i < node->n_callees; i++)
        add_call(rows, node->callees[i], sites, 0);
}

void dp_tree_rows_of_flame(struct dp_tree_rows *rows, const struct dp_flame *flame)
{
    *rows = (struct dp_tree_rows){.whole_ns = flame->nodes[0].total[DP_FLAME_NOW]};
    for (size_t i = 1; i < flame->n_nodes; i++) {
        const struct dp_flame_node *node = &flame->nodes[i];
        *append(rows) = (struct dp_tree_row){.function = flame->names[node->name].function,
                                             .depth = node->depth - 1,
                                             .end = node->end - 1,
                                             .total_ns = node->total[DP_FLAME_NOW],
                                             .self_ns = node->self[DP_FLAME_NOW]};
    }
}

void dp_tree_rows_finish(struct dp_tree_rows *rows)
{
    free(rows->rows);
    *rows = (struct dp_tree_rows){0};
}
