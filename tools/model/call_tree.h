/*
 * A tree of calls from recorded calls: who called whom, how often, for how long.
 *
 * Records of calls come at the calls' ends, so each comes after those inside it. Calls of
 * one lane that lie within each other are caller and callee; calls of a function that came
 * about in the same way are one node. A call that has no record is not there: those that it
 * made stand below the nearest recorded call around it.
 */
#ifndef DP_TOOLS_CALL_TREE_H
#define DP_TOOLS_CALL_TREE_H

#include "common/record.h"

#include <stddef.h>
#include <stdint.h>

/* Nested deeper than this, a call has no callees in the tree. */
#define DP_TREE_DEPTH 400

struct dp_tree_node {
    uint32_t site;
    uint32_t height; /* 1: no callees */
    uint64_t calls;
    uint64_t total_ns;
    uint64_t callees_ns; /* total_ns of the callees */
    uint64_t memory_calls; /* the `calls` whose memory was counted */
    uint64_t bytes;        /* that they allocated */
    uint64_t callees_bytes;
    struct dp_tree_node **callees;
    size_t n_callees, capacity;
};

struct dp_call_tree {
    struct dp_tree_node root; /* its callees are the outermost calls; no call itself */
    struct dp_tree_pending *pending;
    size_t n_pending, pending_capacity;
    int64_t lane;
};

struct dp_call_tree *dp_call_tree_create(void);

/* Takes a record of a call into account; others are left alone. Records of a lane come in
 * order and are not mixed with those of another. */
void dp_call_tree_add(struct dp_call_tree *tree, const struct dp_record *record);

/* After the last record: callees are in order, those that took longest first. */
void dp_call_tree_settle(struct dp_call_tree *tree);

/* NULL: none. */
void dp_call_tree_destroy(struct dp_call_tree *tree);

#endif
