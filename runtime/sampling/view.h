/*
 * What walks see of the modules: the executable ranges in ascending order, with their tables.
 *
 * The steward publishes a view, whole; it never changes afterwards, but for a cache of answers.
 * The one before it, and whatever only that one shows, is retired: kept until no walk is under
 * way. A walk that begins later sees the new view. The pairs: dp_view_enter() adds to `walking`
 * and then loads the view, dp_view_publish() stores the view and then loads `walking`, all of
 * it sequentially consistent; so one of the two sees the other.
 */
#ifndef DP_VIEW_H
#define DP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

#define DP_VIEW_MOST 8192 /* ranges */

/* At the front of each mapping that a view shows. */
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

/* A zeroed mapping, behind its struct dp_retired; NULL: no memory. */
void *dp_view_map(size_t bytes);

/* Steward. Ranges are sorted, and none overlaps another. False: no memory; the old view stays. */
bool dp_view_publish(const struct dp_range *ranges, uint32_t count);
/* The same ranges are published already. */
bool dp_view_is(const struct dp_range *ranges, uint32_t count);
/* Steward: for a mapping that the published view does not show. */
void dp_view_retire(struct dp_retired *mapping);
/* Steward: unmaps what is retired, unless a walk is under way. */
void dp_view_collect(void);
/* In a forked child: unmaps the view and what it shows. */
void dp_view_reset(void);

/* ---- for walks; async-signal-safe ---- */

/* NULL: nothing was published yet. Left in any case. */
struct dp_view *dp_view_enter(void);
void dp_view_leave(void);

struct dp_code {
    bool is_known;                /* in an executable range */
    const struct dp_table *table; /* NULL: nothing describes its frames */
    const struct dp_rule *rule;   /* NULL: none */
};

struct dp_code dp_view_find(struct dp_view *view, uint64_t address);

#endif
