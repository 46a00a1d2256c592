/*
 * A call tree as rows, each before those below it, among siblings the largest first: what is
 * shown. Made of recorded calls, of the tree of one call, or of a flame graph's stacks.
 */
#ifndef DP_TOOLS_TREE_ROWS_H
#define DP_TOOLS_TREE_ROWS_H

#include "call_tree.h"
#include "flame.h"
#include "site_table.h"

struct dp_tree_row {
    const char *function; /* points into the sites, or into the flame graph */
    const struct dp_site_info *info; /* NULL: not known */
    uint32_t site;  /* 0: not known */
    uint32_t depth; /* from 0 */
    size_t end;     /* behind the last row below this one */
    uint64_t total_ns;
    uint64_t self_ns;
    uint64_t calls; /* 0: not known */
};

struct dp_tree_rows {
    struct dp_tree_row *rows;
    size_t n, capacity;
    uint64_t whole_ns; /* the total of the outermost */
};

/* `node` and what is below it; or only that, where it is no call itself. */
void dp_tree_rows_of_call(struct dp_tree_rows *rows, const struct dp_tree_node *node,
                          const struct dp_site_table *sites);
void dp_tree_rows_of_callees(struct dp_tree_rows *rows, const struct dp_tree_node *node,
                             const struct dp_site_table *sites);
/* Settled. */
void dp_tree_rows_of_flame(struct dp_tree_rows *rows, const struct dp_flame *flame);

void dp_tree_rows_finish(struct dp_tree_rows *rows);

#endif
