/*
 * The tree of the calls below an open call: for strategy=call_graph and time.
 *
 * One tree for each lane, made when a call of its thread first asks for it, used by the thread
 * alone. Its size is fixed. Nodes add up: calls with the same chain of callers are one node, so a
 * call that makes a million others needs as many nodes as there are different chains. Several
 * calls that ask for a tree may be open inside each other; all use the one of the outermost.
 * hot/trees.h says what happens with it.
 */
#ifndef DP_THREAD_CALL_TREE_H
#define DP_THREAD_CALL_TREE_H

#include <stdbool.h>
#include <stdint.h>

#define DP_TREE_NODES 4096
#define DP_TREE_CALLS 512 /* open at once */
#define DP_TREE_NONE UINT32_MAX

struct dp_lane;
struct dp_site_config;

struct dp_call_node {
    uint32_t site;
    uint32_t parent; /* DP_TREE_NONE: of the outermost call */
    uint32_t next;   /* in its bucket, as an index plus one */
    uint32_t reserved;
    uint64_t calls; /* that have ended */
    uint64_t total_ns;
    uint64_t callees_ns; /* the part of it inside calls that have nodes below */
};

/* A call that is open and has a node. */
struct dp_open_node {
    uint64_t due; /* the call's name (abi/gate.h) */
    uint64_t start_ns;
    uintptr_t stack;
    const struct dp_site_config *config;
    uint32_t site;
    uint32_t node;
    uint32_t frame;    /* of a call that asks for a tree: index of its frame, plus one; else 0 */
    uint32_t reserved;
    uint64_t left_out; /* dp_call_tree.left_out and left, when it began */
    uint64_t left;
};

struct dp_call_tree {
    int64_t budget; /* the thread's own, while its gates are held open */
    uint32_t n_nodes;
    uint32_t depth;
    uint64_t left_out; /* calls without a node: no node was free, or too many were open */
    uint64_t left;     /* calls that did not return */
    bool has_ended;    /* `ended` is a call that asks for a tree, and is about to be finished */
    bool written;
    struct dp_open_node ended;
    struct dp_open_node calls[DP_TREE_CALLS];
    struct dp_call_node nodes[DP_TREE_NODES];
    uint32_t buckets[DP_TREE_NODES]; /* the newest node of each, as an index plus one */
    uint32_t moved[DP_TREE_NODES];
};

/* Makes lane->tree. A dp_out_function; 0: no memory. */
uint64_t dp_call_tree_make(void *lane, uintptr_t unused, uintptr_t unused_too);
/* Gives the memory back. NULL: none. */
void dp_call_tree_release(struct dp_call_tree *tree);

#endif
