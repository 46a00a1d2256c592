/* See saved_trees.h. */
#include "saved_trees.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void begin(struct dp_saved_trees *trees, const struct dp_event_call_tree *event)
{
    uint32_t n = event->nodes < DP_SAVED_NODES_A_TREE ? event->nodes : DP_SAVED_NODES_A_TREE;

    free(trees->reading);
    trees->reading = NULL;
    trees->n_reading = n;
    trees->keeps = trees->nodes + n <= DP_SAVED_NODES;
    if (!trees->keeps) {
        trees->not_kept++;
        return;
    }
    trees->nodes += n;
    trees->reading = dp_allocate(n, sizeof(struct dp_tree_node *));
    trees->trees = dp_append(trees->trees, &trees->n, &trees->capacity, sizeof *trees->trees);
    trees->trees[trees->n - 1] = (struct dp_saved_tree){.call = event->call,
                                                        .site = event->site,
                                                        .missing = event->nodes,
                                                        .left_out = event->left_out,
                                                        .left = event->left};
}

/* A node whose parent is missing counts as missing, too. */
static void add(struct dp_saved_trees *trees, const struct dp_event_call_tree_node *event)
{
    struct dp_saved_tree *tree = trees->keeps && trees->n ? &trees->trees[trees->n - 1] : NULL;

    if (!tree || tree->call != event->call || event->node >= trees->n_reading ||
        trees->reading[event->node])
        return;
    bool is_root = event->node == 0;
    struct dp_tree_node *parent =
        !is_root && event->parent < event->node ? trees->reading[event->parent] : NULL;
    if ((!is_root && !parent) || (parent && parent->height >= DP_TREE_DEPTH))
        return;
    struct dp_tree_node *node = dp_allocate(1, sizeof *node);
    *node = (struct dp_tree_node){.site = event->site,
                                  .height = parent ? parent->height + 1 : 1, /* the depth, here */
                                  .calls = event->calls,
                                  .total_ns = event->total_ns,
                                  .callees_ns = event->callees_ns};
    trees->reading[event->node] = node;
    tree->missing--;
    if (is_root) {
        tree->root = node;
        return;
    }
    parent->callees =
        dp_append(parent->callees, &parent->n_callees, &parent->capacity, sizeof *parent->callees);
    parent->callees[parent->n_callees - 1] = node;
}

void dp_saved_trees_read(struct dp_saved_trees *trees, const struct dp_record *record)
{
    struct dp_event_call_tree tree;
    struct dp_event_call_tree_node node;

    switch (record->id) {
    case DP_EVENT_ID_call_tree:
        dp_record_copy(record, &tree);
        begin(trees, &tree);
        return;
    case DP_EVENT_ID_call_tree_node:
        dp_record_copy(record, &node);
        add(trees, &node);
        return;
    }
}

static int by_call(const void *a, const void *b)
{
    const struct dp_saved_tree *x = a, *y = b;

    return x->call < y->call ? -1 : x->call > y->call;
}

void dp_saved_trees_settle(struct dp_saved_trees *trees)
{
    free(trees->reading);
    trees->reading = NULL;
    trees->keeps = false;
    if (trees->n > 0)
        qsort(trees->trees, trees->n, sizeof *trees->trees, by_call);
    for (size_t i = 0; i < trees->n; i++)
        if (trees->trees[i].root)
            dp_tree_node_sort(trees->trees[i].root);
}

const struct dp_saved_tree *dp_saved_tree_of(const struct dp_saved_trees *trees, uint64_t call)
{
    const struct dp_saved_tree wanted = {.call = call};
    const struct dp_saved_tree *found =
        trees->n > 0 ? bsearch(&wanted, trees->trees, trees->n, sizeof *trees->trees, by_call)
                     : NULL;

    return found && found->root ? found : NULL;
}

void dp_saved_trees_finish(struct dp_saved_trees *trees)
{
    for (size_t i = 0; i < trees->n; i++)
        if (trees->trees[i].root)
            dp_tree_node_free(trees->trees[i].root);
    free(trees->trees);
    free(trees->reading);
    *trees = (struct dp_saved_trees){0};
}
