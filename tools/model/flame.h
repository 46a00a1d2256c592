/*
 * A tree of frames with weights, merged from stacks: what a flame graph shows.
 *
 * Stacks that begin with the same frames share them. A weight is time, bytes or a count. It
 * belongs to one of two sides: in a comparison, the other log is BEFORE. flame_*.c make the
 * tree from samples, recorded calls or folded text; the files of render/ write it. Add stacks
 * before dp_flame_settle(), read the tree after it.
 */
#ifndef DP_TOOLS_FLAME_H
#define DP_TOOLS_FLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dp_flame_side { DP_FLAME_NOW, DP_FLAME_BEFORE, DP_FLAME_SIDES };

/* What a frame is. The order is that of the page's colours. */
enum dp_flame_type {
    DP_FLAME_FUNCTION,
    DP_FLAME_INLINED, /* into the frame that called it */
    DP_FLAME_LIBRARY, /* a function of a library */
    DP_FLAME_UNKNOWN, /* an address without a name */
    DP_FLAME_WAIT,    /* no function: what the thread waited for */
    DP_FLAME_TYPES
};

/* What is written on a frame. Two frames are the same when all of it is equal. */
struct dp_flame_name {
    const char *function;
    const char *module; /* "": not known */
    const char *place;  /* "db.c:42"; "": not known */
    enum dp_flame_type type;
};

struct dp_flame_node {
    uint32_t name;
    uint32_t parent; /* the root is its own parent */
    uint32_t depth;  /* 0: the root */
    uint32_t end;    /* settled: the index after the last node below this one */
    uint64_t self[DP_FLAME_SIDES];
    uint64_t total[DP_FLAME_SIDES]; /* settled: with all nodes below */
};

/* Deeper frames are left out; the deepest frame that is kept gets their weight. */
#define DP_FLAME_DEPTH 2000

struct dp_flame {
    struct dp_flame_name *names; /* owned, as their texts are; names[0] is the root's */
    size_t n_names, names_capacity;
    struct dp_flame_node *nodes; /* nodes[0] is the root. Settled: each before those below it,
                                    among siblings the largest first */
    size_t n_nodes, nodes_capacity;
    uint32_t *name_slots, *node_slots; /* hash tables of indices plus one */
    size_t n_name_slots, n_node_slots;
    uint64_t key; /* random key of the tables: crafted names cannot cause collisions */
    uint64_t cut[DP_FLAME_SIDES]; /* weight of frames deeper than DP_FLAME_DEPTH */
    uint32_t depth;               /* settled: of the deepest node */
};

void dp_flame_start(struct dp_flame *flame);

/* The index of a name. A new name is copied. */
uint32_t dp_flame_name(struct dp_flame *flame, const struct dp_flame_name *name);

/* The child of `parent` with that name; `parent` itself when a child would be too deep. */
uint32_t dp_flame_child(struct dp_flame *flame, uint32_t parent, uint32_t name);

void dp_flame_weigh(struct dp_flame *flame, uint32_t node, enum dp_flame_side side,
                    uint64_t weight);

/* Adds a stack, outermost frame first. */
void dp_flame_add(struct dp_flame *flame, const uint32_t *names, size_t n,
                  enum dp_flame_side side, uint64_t weight);

/* Computes totals and sorts the nodes. Frames without weight are dropped. */
void dp_flame_settle(struct dp_flame *flame);

/* Settled: the weight of all nodes of a class; a node below another of the class counts once. */
uint64_t dp_flame_total_of(const struct dp_flame *flame, enum dp_flame_side side,
                           enum dp_flame_type type);

void dp_flame_finish(struct dp_flame *flame);

#endif
