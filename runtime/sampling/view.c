/* See view.h. */
#include "view.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory_ceiling.h"
#include "base/os.h"

/*
 * A cache entry is one word, so a load gets one entry even while another thread stores. It has
 * the address without the bits that choose the entry, the number of the range, and that of the
 * rule.
 */
#define CACHE_BITS 11
#define RULE_BITS 15
#define RANGE_BITS 13
#define ADDRESS_BITS (CACHE_BITS + 64 - RANGE_BITS - RULE_BITS)

_Static_assert(DP_VIEW_MOST <= 1 << RANGE_BITS, "a range's number fits");
_Static_assert(DP_TABLE_MOST_RULES <= 1 << RULE_BITS, "a rule's number fits");

struct dp_view {
    struct dp_retired retired;
    uint32_t count;
    _Atomic uint64_t cache[1 << CACHE_BITS];
    struct dp_range range[];
};

static _Atomic(struct dp_view *) published;
static _Atomic uint32_t walking;
static struct dp_retired *retired;

/* ---- Steward ---- */

void *dp_view_map(size_t bytes)
{
    if (!dp_memory_ceiling_take(bytes))
        return NULL;
    struct dp_retired *mapping = dp_os_map_memory(bytes);
    if (mapping)
        mapping->bytes = bytes;
    else
        dp_memory_ceiling_give(bytes);
    return mapping;
}

static void unmap(struct dp_retired *mapping)
{
    size_t bytes = mapping->bytes;
    dp_os_unmap(mapping, bytes);
    dp_memory_ceiling_give(bytes);
}

void dp_view_retire(struct dp_retired *mapping)
{
    mapping->next = retired;
    retired = mapping;
}

void dp_view_collect(void)
{
    if (!retired || atomic_load(&walking))
        return;
    while (retired) {
        struct dp_retired *mapping = retired;
        retired = mapping->next;
        unmap(mapping);
    }
}

bool dp_view_is(const struct dp_range *ranges, uint32_t count)
{
    const struct dp_view *view = atomic_load(&published);
    return view && view->count == count &&
           memcmp(view->range, ranges, count * sizeof *ranges) == 0;
}

bool dp_view_publish(const struct dp_range *ranges, uint32_t count)
{
    struct dp_view *old = atomic_load(&published);
    struct dp_view *view = dp_view_map(sizeof *view + count * sizeof *ranges);
    if (!view)
        return false;
    view->count = count;
    /* Touches the pages now, so that a signal handler does not fault on them. */
    memset(view->cache, 0, sizeof view->cache);
    memcpy(view->range, ranges, count * sizeof *ranges);
    atomic_store(&published, view);
    if (old)
        dp_view_retire(&old->retired);
    return true;
}

/* The fork may have stopped the parent's steward in the middle of a refresh: only the published
 * view is known to be complete. Retired mappings stay mapped. */
void dp_view_reset(void)
{
    struct dp_view *view = atomic_load(&published);
    atomic_store(&published, NULL);
    atomic_store(&walking, 0);
    retired = NULL;
    if (!view)
        return;
    for (uint32_t i = 0; i < view->count; i++)
        if (view->range[i].owner)
            unmap(view->range[i].owner);
    unmap(&view->retired);
}

/* ---- walks ---- */

struct dp_view *dp_view_enter(void)
{
    atomic_fetch_add(&walking, 1);
    return atomic_load(&published);
}

void dp_view_leave(void)
{
    atomic_fetch_sub(&walking, 1);
}

/* The index of the range that has the address; `count`: none. */
static uint32_t range_of(const struct dp_view *view, uint64_t address)
{
    uint32_t low = 0, high = view->count;
    while (low < high) { /* the first that ends above it */
        uint32_t middle = low + (high - low) / 2;
        if (view->range[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < view->count && view->range[low].start <= address ? low : view->count;
}

static struct dp_code code_of(const struct dp_view *view, uint32_t range, uint32_t rule)
{
    const struct dp_table *table = view->range[range].table;
    return (struct dp_code){true, table, table && rule ? &table->rule[rule] : NULL};
}

struct dp_code dp_view_find(struct dp_view *view, uint64_t address)
{
    if (!view)
        return (struct dp_code){false, NULL, NULL};
    _Atomic uint64_t *entry = &view->cache[address & ((1u << CACHE_BITS) - 1)];
    uint64_t tag = address >> CACHE_BITS << (RANGE_BITS + RULE_BITS);
    uint64_t answer = atomic_load_explicit(entry, memory_order_relaxed);
    bool fits = address >> ADDRESS_BITS == 0;
    if (fits && answer >> (RANGE_BITS + RULE_BITS) == address >> CACHE_BITS && answer)
        return code_of(view, (uint32_t)(answer >> RULE_BITS) & (DP_VIEW_MOST - 1),
                       answer & (DP_TABLE_MOST_RULES - 1));
    uint32_t range = range_of(view, address), rule = 0;
    if (range == view->count)
        return (struct dp_code){false, NULL, NULL};
    if (view->range[range].table)
        rule = dp_table_find(view->range[range].table, address);
    if (fits)
        atomic_store_explicit(entry, tag | (uint64_t)range << RULE_BITS | rule,
                              memory_order_relaxed);
    return code_of(view, range, rule);
}
