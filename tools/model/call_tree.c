/* See call_tree.h. */
#include "call_tree.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Calls without a caller so far: its record may still come. */
struct dp_tree_pending {
    uint64_t start_ns, end_ns;
    struct dp_tree_node *node;
};

/* Where there are more, the older half is taken to have no recorded caller. */
#define MOST_PENDING 1000000

/* ---- nodes ---- */

void dp_tree_node_free(struct dp_tree_node *node)
{
    for (size_t i = 0; i < node->n_callees; i++)
        dp_tree_node_free(node->callees[i]);
    free(node->callees);
    free(node);
}

static void free_callees(struct dp_tree_node *node)
{
    for (size_t i = 0; i < node->n_callees; i++)
        dp_tree_node_free(node->callees[i]);
    free(node->callees);
    node->callees = NULL;
    node->n_callees = node->capacity = 0;
}

static struct dp_tree_node *callee_of(const struct dp_tree_node *node, uint32_t site)
{
    for (size_t i = 0; i < node->n_callees; i++)
        if (node->callees[i]->site == site)
            return node->callees[i];
    return NULL;
}

static void merge(struct dp_tree_node *into, struct dp_tree_node *from);

/* `callee` belongs to `node` afterwards, or is freed. */
static void add_callee(struct dp_tree_node *node, struct dp_tree_node *callee)
{
    struct dp_tree_node *same = callee_of(node, callee->site);

    if (same) {
        merge(same, callee);
    } else {
        node->callees =
            dp_append(node->callees, &node->n_callees, &node->capacity, sizeof *node->callees);
        same = node->callees[node->n_callees - 1] = callee;
    }
    if (same->height >= DP_TREE_DEPTH) {
        free_callees(same);
        same->height = 1;
    }
    if (node->height <= same->height)
        node->height = same->height + 1;
}

/* `from` is freed. */
static void merge(struct dp_tree_node *into, struct dp_tree_node *from)
{
    into->calls += from->calls;
    into->total_ns += from->total_ns;
    into->callees_ns += from->callees_ns;
    into->memory_calls += from->memory_calls;
    into->bytes += from->bytes;
    into->callees_bytes += from->callees_bytes;
    for (size_t i = 0; i < from->n_callees; i++)
        add_callee(into, from->callees[i]);
    free(from->callees);
    free(from);
}

void dp_tree_node_add_copy(struct dp_tree_node *parent, const struct dp_tree_node *node)
{
    struct dp_tree_node *same = callee_of(parent, node->site);

    if (!same) {
        same = dp_allocate(1, sizeof *same);
        *same = (struct dp_tree_node){.site = node->site, .height = 1};
        parent->callees = dp_append(parent->callees, &parent->n_callees, &parent->capacity,
                                    sizeof *parent->callees);
        parent->callees[parent->n_callees - 1] = same;
    }
    same->calls += node->calls;
    same->total_ns += node->total_ns;
    same->callees_ns += node->callees_ns;
    for (size_t i = 0; i < node->n_callees; i++)
        dp_tree_node_add_copy(same, node->callees[i]);
}

static int longest_first(const void *a, const void *b)
{
    const struct dp_tree_node *x = *(struct dp_tree_node *const *)a,
                              *y = *(struct dp_tree_node *const *)b;

    if (x->total_ns != y->total_ns)
        return x->total_ns > y->total_ns ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

void dp_tree_node_sort(struct dp_tree_node *node)
{
    if (node->n_callees > 0)
        qsort(node->callees, node->n_callees, sizeof *node->callees, longest_first);
    for (size_t i = 0; i < node->n_callees; i++)
        dp_tree_node_sort(node->callees[i]);
}

/* ---- calls ---- */

static void settle_first(struct dp_call_tree *tree, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tree->root.callees_ns += tree->pending[i].node->total_ns;
        tree->root.callees_bytes += tree->pending[i].node->bytes;
        add_callee(&tree->root, tree->pending[i].node);
    }
    tree->n_pending -= n;
    if (tree->n_pending > 0)
        memmove(tree->pending, tree->pending + n, tree->n_pending * sizeof *tree->pending);
}

/* Has the call's other record been read? A call of two attributes leaves two. */
static bool is_known(const struct dp_call_tree *tree, uint32_t site, uint64_t start_ns,
                     uint64_t end_ns)
{
    if (tree->n_pending == 0)
        return false;
    const struct dp_tree_pending *last = &tree->pending[tree->n_pending - 1];
    return last->node->site == site && last->start_ns == start_ns && last->end_ns == end_ns;
}

/* The node of the call; NULL: the call is in the tree already. */
static struct dp_tree_node *add_call(struct dp_call_tree *tree, uint32_t site,
                                     uint64_t duration_ns, uint64_t end_ns)
{
    uint64_t start_ns = end_ns > duration_ns ? end_ns - duration_ns : 0;

    if (is_known(tree, site, start_ns, end_ns))
        return NULL;
    struct dp_tree_node *node = dp_allocate(1, sizeof *node);
    *node = (struct dp_tree_node){
        .site = site, .height = 1, .calls = 1, .total_ns = end_ns - start_ns};
    size_t first = tree->n_pending;
    while (first > 0 && tree->pending[first - 1].start_ns >= start_ns)
        first--;
    for (size_t i = first; i < tree->n_pending; i++) {
        node->callees_ns += tree->pending[i].node->total_ns;
        node->callees_bytes += tree->pending[i].node->bytes;
        add_callee(node, tree->pending[i].node);
    }
    tree->n_pending = first;
    if (tree->n_pending == MOST_PENDING)
        settle_first(tree, MOST_PENDING / 2);
    tree->pending =
        dp_append(tree->pending, &tree->n_pending, &tree->pending_capacity, sizeof *tree->pending);
    tree->pending[tree->n_pending - 1] = (struct dp_tree_pending){start_ns, end_ns, node};
    return node;
}

static void add_memory_call(struct dp_call_tree *tree, const struct dp_record *record)
{
    struct dp_event_call_memory event;

    dp_record_copy(record, &event);
    struct dp_tree_node *node = add_call(tree, event.site, event.duration_ns, record->time_ns);
    if (!node)
        return;
    node->memory_calls = 1;
    node->bytes = event.allocated_bytes;
}

struct dp_call_tree *dp_call_tree_create(void)
{
    struct dp_call_tree *tree = dp_allocate(1, sizeof *tree);

    tree->root.height = 1;
    return tree;
}

void dp_call_tree_add(struct dp_call_tree *tree, const struct dp_record *record)
{
    if (record->lane != tree->lane) {
        settle_first(tree, tree->n_pending);
        tree->lane = record->lane;
    }
    switch (record->id) {
#define CALL_OF(name)                                                     \
    case DP_EVENT_ID_##name: {                                            \
        struct dp_event_##name event;                                     \
        dp_record_copy(record, &event);                                   \
        add_call(tree, event.site, event.duration_ns, record->time_ns);   \
        return;                                                           \
    }
        CALL_OF(call)
        CALL_OF(call_wide)
        CALL_OF(production)
        CALL_OF(production_wide)
        CALL_OF(exception)
#undef CALL_OF
    case DP_EVENT_ID_call_memory:
        add_memory_call(tree, record);
        return;
    }
}

void dp_call_tree_settle(struct dp_call_tree *tree)
{
    settle_first(tree, tree->n_pending);
    dp_tree_node_sort(&tree->root);
}

void dp_call_tree_destroy(struct dp_call_tree *tree)
{
    if (!tree)
        return;
    settle_first(tree, tree->n_pending);
    free_callees(&tree->root);
    free(tree->pending);
    free(tree);
}
