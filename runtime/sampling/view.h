/*
 * The modules as stack walks see them: executable ranges in ascending order, with their tables.
 *
 * The steward publishes a complete view. Nothing in it changes afterwards except a cache of
 * lookups. The previous view, with every mapping that the new view does not have, is retired:
 * it stays mapped until no walk is running.
 *
 * Two threads meet here: a walker in dp_view_enter() adds to `walking`, then loads the view; the
 * steward stores the view in dp_view_publish(), then loads `walking` in dp_view_collect(). All
 * four accesses are sequentially consistent. So either the walker gets the new view, or the
 * steward sees that a walk is running and unmaps nothing.
 */
#ifndef DP_VIEW_H
#define DP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

#define DP_VIEW_MOST 8192 /* ranges */

/* The head of each mapping that a view refers to. */
struct dp_retired {
    struct dp_retired *next;
    size_t bytes;
};

struct dp_range {
    uint64_t start, end;
    const struct dp_table *table; /* NULL: nothing describes its frames */
    struct dp_retired *owner;     /* the mapping that `table` is in; NULL: none */
};

struct dp_view;

/* A zeroed mapping: the bytes behind its struct dp_retired. NULL: no memory. */
void *dp_view_map(size_t bytes);

/* Steward. The ranges are sorted and do not overlap. False: no memory, the old view stays. */
bool dp_view_publish(const struct dp_range *ranges, uint32_t count);
/* Whether the published view has exactly these ranges. */
bool dp_view_is(const struct dp_range *ranges, uint32_t count);
/* Steward: retires a mapping that the published view does not refer to. */
void dp_view_retire(struct dp_retired *mapping);
/* Steward: unmaps what is retired, unless a walk is running. */
void dp_view_collect(void);
/* In a forked child: unmaps the view and every mapping that it refers to. */
void dp_view_reset(void);

/* ---- for walks; async-signal-safe ---- */

/* NULL: no view was published yet. Call dp_view_leave() also then. */
struct dp_view *dp_view_enter(void);
void dp_view_leave(void);

struct dp_code {
    bool is_known;                /* in an executable range */
    const struct dp_table *table; /* NULL: nothing describes its frames */
    const struct dp_rule *rule;   /* NULL: none */
};

struct dp_code dp_view_find(struct dp_view *view, uint64_t address);

#endif
