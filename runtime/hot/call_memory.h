/*
 * What a call does to memory: from its start, when the lane's counts are kept, to its end,
 * when they are compared. Under the same rules as enter.c.
 *
 * Counted calls of a thread are nested. While one is open, the lane adds up what counted calls
 * below it have allocated (struct dp_memory_below); the rest is its own. Where calls do not end
 * in the reverse order of their start (coroutines), nobody knows whose an allocation was. The
 * calls concerned then say that their own part is not known.
 */
#ifndef DP_CALL_MEMORY_H
#define DP_CALL_MEMORY_H

#include "sites/config.h"
#include "thread/lane.h"

struct dp_memory_change {
    int64_t before_bytes, after_bytes; /* allocated and not freed */
    int64_t peak_bytes; /* the most that was allocated at a time, less what was before */
    uint64_t allocated_bytes;
    uint64_t freed_bytes;
    uint64_t allocations;
    uint64_t frees;
    bool self_known; /* the next two hold */
    uint64_t self_bytes; /* allocated in no counted call below */
    uint64_t self_allocations;
};

/* The call at `depth` counts memory from here. */
void dp_begin_memory(struct dp_lane *lane, uint64_t depth);

/* It ends. The calls around it count on as if it had not been counted. */
void dp_end_memory(struct dp_lane *lane, uint64_t depth, struct dp_memory_change *change);

/* The call of frame i ends unnoticed, if it counts memory. */
void dp_give_up_memory(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame);

/* Frame `from` becomes frame `to`. */
void dp_move_memory(struct dp_lane *lane, uint64_t from, uint64_t to);

/* Adds a call to the aggregates. */
void dp_add_memory(struct dp_site_stats *stats, const struct dp_memory_change *change);

/* Bytes allocated after the call less those before it: what a threshold compares. */
static inline int64_t dp_memory_growth(const struct dp_memory_change *change)
{
    return change->after_bytes - change->before_bytes;
}

#endif
