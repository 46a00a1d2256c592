/*
 * The trees of calls whose strategy is call_graph or time: what they called, how often and for how
 * long. Made from `call_tree` records and the `call_tree_node` records after each.
 */
#ifndef DP_TOOLS_SAVED_TREES_H
#define DP_TOOLS_SAVED_TREES_H

#include "call_tree.h"

#include <stdbool.h>

/* The most nodes of a tree that are read: the runtime writes fewer, but a log may be crafted. */
#define DP_SAVED_NODES_A_TREE 65536
/* The most nodes of all trees together; later trees are not kept. */
#define DP_SAVED_NODES 1000000

struct dp_saved_tree {
    uint64_t call; /* the id of the slow call; where none was slow, an id that only the tree has */
    uint32_t site;
    uint32_t missing;  /* nodes that the log does not have: it was full, or is damaged */
    uint64_t left_out; /* calls without a node of their own: their time is their caller's */
    uint64_t left;     /* calls that did not return */
    struct dp_tree_node *root; /* the call; NULL: its record is missing */
};

/* A zeroed one is empty. */
struct dp_saved_trees {
    struct dp_saved_tree *trees; /* settled: by `call` */
    size_t n, capacity;
    uint64_t nodes;
    uint64_t not_kept; /* trees */
    struct dp_tree_node **reading; /* nodes of the last tree so far, by number; NULL: missing */
    uint32_t n_reading;
    bool keeps; /* the last tree */
};

/* Ignores other records. Those of a lane come in order and are not mixed with another's. */
void dp_saved_trees_read(struct dp_saved_trees *trees, const struct dp_record *record);
/* After the last record: callees are in order, those that took longest first. */
void dp_saved_trees_settle(struct dp_saved_trees *trees);
void dp_saved_trees_finish(struct dp_saved_trees *trees);

/* Settled: the tree of a call; NULL: it has none. */
const struct dp_saved_tree *dp_saved_tree_of(const struct dp_saved_trees *trees, uint64_t call);

#endif
