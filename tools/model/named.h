/*
 * What a program names while it runs: operations that it measures, gauges, kinds of messages that
 * it counts. In a log they are sites without code; here they are kept apart from functions.
 *
 * Filled by site_table.c, which owns them; totals by profile_gather.c.
 */
#ifndef DP_TOOLS_NAMED_H
#define DP_TOOLS_NAMED_H

#include "statistics.h"

struct dp_named {
    uint32_t index;
    uint32_t flags; /* one of DP_SITE_NAMED */
    char *name;
    struct dp_totals *totals; /* NULL: none were read. Owned */
};

struct dp_named_table {
    struct dp_named *named;
    size_t n, capacity;
};

/* The entry of that index, which is added if there is none. Valid until the next one is added. */
struct dp_named *dp_named_get(struct dp_named_table *table, uint32_t index);
/* NULL: there is none. */
const struct dp_named *dp_named_find(const struct dp_named_table *table, uint32_t index);

void dp_named_forget_totals(struct dp_named_table *table);
void dp_named_finish(struct dp_named_table *table);

#endif
