/*
 * A tree of calls, made from recorded calls: who called whom, how often, for how long.
 *
 * A call's record is written when it ends, so it follows the records of the calls inside it. When
 * one call of a lane lies within another, they are callee and caller. Calls of a function with
 * the same chain of callers are one node. Calls without a record are missing: their callees
 * appear below the nearest recorded caller.
 */
#ifndef DP_TOOLS_CALL_TREE_H
#define DP_TOOLS_CALL_TREE_H

#include "common/record.h"

#include <stddef.h>
#include <stdint.h>

/* The tree's depth; deeper calls are left out. */
#define DP_TREE_DEPTH 400

struct dp_tree_node {
    uint32_t site;
    uint32_t height; /* 1: no callees */
    uint64_t calls;
    uint64_t total_ns;
    uint64_t callees_ns; /* total_ns of the callees */
    uint64_t memory_calls; /* the `calls` whose memory was counted */
    uint64_t bytes;        /* that those calls allocated */
    uint64_t callees_bytes;
    struct dp_tree_node **callees;
    size_t n_callees, capacity;
};

struct dp_call_tree {
    struct dp_tree_node root; /* not a call; its callees are the outermost calls */
    struct dp_tree_pending *pending;
    size_t n_pending, pending_capacity;
    int64_t lane;
};

/* With all callees. */
void dp_tree_node_free(struct dp_tree_node *node);
/* Callees, and theirs, in order: those that took longest first. */
void dp_tree_node_sort(struct dp_tree_node *node);
/* Adds `node` and its callees to those of `parent`. */
void dp_tree_node_add_copy(struct dp_tree_node *parent, const struct dp_tree_node *node);

struct dp_call_tree *dp_call_tree_create(void);

/* Adds a record of a call; ignores other records. All records of one lane must come in order,
 * before those of the next lane. */
void dp_call_tree_add(struct dp_call_tree *tree, const struct dp_record *record);

/* Call it after the last record. Sorts callees, the longest first. */
void dp_call_tree_settle(struct dp_call_tree *tree);

/* NULL: none. */
void dp_call_tree_destroy(struct dp_call_tree *tree);

#endif
