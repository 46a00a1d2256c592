/* See flame.h. */
#include "flame.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/processes.h"

#define FIRST_SLOTS 1024 /* a power of two */
#define NONE        UINT32_MAX

/* ---- hash tables: open addressing, at most half full ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return mix(hash, 0);
}

static uint64_t hash_name(const struct dp_flame *flame, const struct dp_flame_name *name)
{
    uint64_t hash = hash_text(flame->key ^ name->type, name->function);

    return hash_text(hash_text(hash, name->module), name->place);
}

static uint64_t hash_child(const struct dp_flame *flame, uint32_t parent, uint32_t name)
{
    return mix(mix(flame->key, parent), name);
}

static bool same_name(const struct dp_flame_name *a, const struct dp_flame_name *b)
{
    return a->type == b->type && strcmp(a->function, b->function) == 0 &&
           strcmp(a->module, b->module) == 0 && strcmp(a->place, b->place) == 0;
}

static void put(uint32_t *slots, size_t n_slots, uint64_t hash, uint32_t index)
{
    size_t at = hash & (n_slots - 1);

    while (slots[at])
        at = (at + 1) & (n_slots - 1);
    slots[at] = index + 1;
}

static void grow_names(struct dp_flame *flame)
{
    if (flame->n_names * 2 < flame->n_name_slots)
        return;
    flame->n_name_slots = flame->n_name_slots ? flame->n_name_slots * 2 : FIRST_SLOTS;
    free(flame->name_slots);
    flame->name_slots = dp_allocate(flame->n_name_slots, sizeof *flame->name_slots);
    for (size_t i = 0; i < flame->n_names; i++)
        put(flame->name_slots, flame->n_name_slots, hash_name(flame, &flame->names[i]), (uint32_t)i);
}

static void grow_nodes(struct dp_flame *flame)
{
    if (flame->n_nodes * 2 < flame->n_node_slots)
        return;
    flame->n_node_slots = flame->n_node_slots ? flame->n_node_slots * 2 : FIRST_SLOTS;
    free(flame->node_slots);
    flame->node_slots = dp_allocate(flame->n_node_slots, sizeof *flame->node_slots);
    for (size_t i = 1; i < flame->n_nodes; i++)
        put(flame->node_slots, flame->n_node_slots,
            hash_child(flame, flame->nodes[i].parent, flame->nodes[i].name), (uint32_t)i);
}

/* ---- adding ---- */

void dp_flame_start(struct dp_flame *flame)
{
    static const struct dp_flame_name all = {"all", "", "", DP_FLAME_FUNCTION};

    *flame = (struct dp_flame){.key = dp_random()};
    dp_flame_name(flame, &all);
    flame->nodes =
        dp_append(flame->nodes, &flame->n_nodes, &flame->nodes_capacity, sizeof *flame->nodes);
}

uint32_t dp_flame_name(struct dp_flame *flame, const struct dp_flame_name *name)
{
    uint64_t hash = hash_name(flame, name);

    grow_names(flame);
    size_t at = hash & (flame->n_name_slots - 1);
    for (uint32_t found; (found = flame->name_slots[at]); at = (at + 1) & (flame->n_name_slots - 1))
        if (same_name(&flame->names[found - 1], name))
            return found - 1;
    flame->names =
        dp_append(flame->names, &flame->n_names, &flame->names_capacity, sizeof *flame->names);
    uint32_t index = (uint32_t)flame->n_names - 1;
    flame->names[index] = (struct dp_flame_name){dp_copy(name->function), dp_copy(name->module),
                                                 dp_copy(name->place), name->type};
    flame->name_slots[at] = index + 1;
    return index;
}

uint32_t dp_flame_child(struct dp_flame *flame, uint32_t parent, uint32_t name)
{
    if (flame->nodes[parent].depth >= DP_FLAME_DEPTH)
        return parent;
    grow_nodes(flame);
    size_t at = hash_child(flame, parent, name) & (flame->n_node_slots - 1);
    for (uint32_t found; (found = flame->node_slots[at]); at = (at + 1) & (flame->n_node_slots - 1))
        if (flame->nodes[found - 1].parent == parent && flame->nodes[found - 1].name == name)
            return found - 1;
    flame->nodes =
        dp_append(flame->nodes, &flame->n_nodes, &flame->nodes_capacity, sizeof *flame->nodes);
    uint32_t index = (uint32_t)flame->n_nodes - 1;
    flame->nodes[index] = (struct dp_flame_node){
        .name = name, .parent = parent, .depth = flame->nodes[parent].depth + 1};
    flame->node_slots[at] = index + 1;
    return index;
}

void dp_flame_weigh(struct dp_flame *flame, uint32_t node, enum dp_flame_side side,
                    uint64_t weight)
{
    uint64_t *self = &flame->nodes[node].self[side];

    *self = weight > UINT64_MAX - *self ? UINT64_MAX : *self + weight;
}

void dp_flame_add(struct dp_flame *flame, const uint32_t *names, size_t n,
                  enum dp_flame_side side, uint64_t weight)
{
    uint32_t node = 0;

    for (size_t i = 0; i < n && i < DP_FLAME_DEPTH; i++)
        node = dp_flame_child(flame, node, names[i]);
    if (n > DP_FLAME_DEPTH)
        flame->cut[side] += weight;
    dp_flame_weigh(flame, node, side, weight);
}

/* ---- settling ---- */

/* A parent has a smaller index than the nodes below it. */
static void add_up(struct dp_flame *flame)
{
    for (size_t i = 0; i < flame->n_nodes; i++)
        memcpy(flame->nodes[i].total, flame->nodes[i].self, sizeof flame->nodes[i].total);
    for (size_t i = flame->n_nodes; i-- > 1;)
        for (int side = 0; side < DP_FLAME_SIDES; side++) {
            uint64_t *sum = &flame->nodes[flame->nodes[i].parent].total[side];
            uint64_t part = flame->nodes[i].total[side];
            *sum = part > UINT64_MAX - *sum ? UINT64_MAX : *sum + part;
        }
}

/* A node, with what its siblings are sorted by. */
struct sibling {
    const struct dp_flame *flame;
    uint32_t index;
};

static uint64_t larger_side(const struct dp_flame_node *node)
{
    return node->total[0] > node->total[1] ? node->total[0] : node->total[1];
}

/* By parent, then the largest first, then by name. */
static int in_order(const void *a, const void *b)
{
    const struct sibling *i = a, *j = b;
    const struct dp_flame_node *x = &i->flame->nodes[i->index], *y = &j->flame->nodes[j->index];
    uint64_t x_size = larger_side(x), y_size = larger_side(y);

    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    if (x_size != y_size)
        return x_size > y_size ? -1 : 1;
    int names = strcmp(i->flame->names[x->name].function, i->flame->names[y->name].function);
    return names ? names : i->index < j->index ? -1 : i->index > j->index;
}

/* All nodes, siblings side by side; first[i] is the first child of node i. Nodes without weight
 * are the last of their siblings and are left out. */
static struct sibling *sort_siblings(const struct dp_flame *flame, uint32_t *first)
{
    struct sibling *siblings = dp_allocate(flame->n_nodes, sizeof *siblings);

    for (uint32_t i = 1; i < flame->n_nodes; i++)
        siblings[i - 1] = (struct sibling){flame, i};
    if (flame->n_nodes > 2)
        qsort(siblings, flame->n_nodes - 1, sizeof *siblings, in_order);
    for (uint32_t i = 0; i < flame->n_nodes; i++)
        first[i] = NONE;
    for (size_t i = flame->n_nodes - 1; i-- > 0;)
        first[flame->nodes[siblings[i].index].parent] = (uint32_t)i;
    return siblings;
}

/* Copies node `from` of the old order; returns its new index. */
static uint32_t move(struct dp_flame *flame, struct dp_flame_node *to, uint32_t *n, uint32_t from,
                     uint32_t parent)
{
    to[*n] = flame->nodes[from];
    to[*n].parent = parent;
    if (to[*n].depth > flame->depth)
        flame->depth = to[*n].depth;
    return (*n)++;
}

/* Puts each node before those below it, without recursion. `next` is, for each old node, its
 * next child to copy. */
static uint32_t walk(struct dp_flame *flame, struct dp_flame_node *to,
                     const struct sibling *siblings, uint32_t *next)
{
    uint32_t open[DP_FLAME_DEPTH + 1], opened_as[DP_FLAME_DEPTH + 1], depth = 0, n = 0;

    open[0] = 0;
    opened_as[0] = move(flame, to, &n, 0, 0);
    for (;;) {
        uint32_t at = next[open[depth]];
        const struct dp_flame_node *node =
            at < flame->n_nodes - 1 ? &flame->nodes[siblings[at].index] : NULL;
        if (node && node->parent == open[depth] && larger_side(node) > 0) {
            next[open[depth]]++;
            open[depth + 1] = siblings[at].index;
            opened_as[depth + 1] = move(flame, to, &n, siblings[at].index, opened_as[depth]);
            depth++;
            continue;
        }
        to[opened_as[depth]].end = n;
        if (depth-- == 0)
            return n;
    }
}

void dp_flame_settle(struct dp_flame *flame)
{
    struct dp_flame_node *nodes = dp_allocate(flame->n_nodes, sizeof *nodes);
    uint32_t *first = dp_allocate(flame->n_nodes, sizeof *first);

    add_up(flame);
    struct sibling *siblings = sort_siblings(flame, first);
    flame->n_nodes = walk(flame, nodes, siblings, first);
    free(flame->nodes);
    flame->nodes = nodes;
    free(siblings);
    free(first);
    free(flame->node_slots); /* of the old order */
    flame->node_slots = NULL;
    flame->n_node_slots = 0;
}

uint64_t dp_flame_total_of(const struct dp_flame *flame, enum dp_flame_side side,
                           enum dp_flame_type type)
{
    uint64_t sum = 0;

    for (uint32_t i = 1; i < flame->n_nodes;) {
        const struct dp_flame_node *node = &flame->nodes[i];
        bool found = flame->names[node->name].type == type;
        sum += found ? node->total[side] : 0;
        i = found ? node->end : i + 1;
    }
    return sum;
}

void dp_flame_finish(struct dp_flame *flame)
{
    for (size_t i = 0; i < flame->n_names; i++) {
        free((char *)flame->names[i].function);
        free((char *)flame->names[i].module);
        free((char *)flame->names[i].place);
    }
    free(flame->names);
    free(flame->nodes);
    free(flame->name_slots);
    free(flame->node_slots);
    *flame = (struct dp_flame){0};
}
