/*
 * Memory accounting: counts the malloc family per thread, while some site of the process
 * asks for it. host/malloc.c (shared library: by symbol interposition) and
 * host/malloc_wrap.c (static programs: by the linker's --wrap) call these two functions
 * after and before the real allocator. Sizes are those of malloc_usable_size.
 */
#ifndef DP_MEMORY_H
#define DP_MEMORY_H

#include "lane.h"

/* What the runtime can see of the program's allocations. What it cannot see is "not known",
 * never 0. */
enum dp_memory_view {
    DP_MEMORY_BYTES,   /* each one and its size */
    DP_MEMORY_NUMBERS, /* each one, but not its size: the allocator has no malloc_usable_size */
    DP_MEMORY_UNSEEN,  /* none: another malloc comes before ours */
};

/* Set by host/malloc.c when the runtime is loaded. */
extern DP_HIDDEN enum dp_memory_view dp_memory_view;

/* True once some site of the process counts memory. Set by the sites' decision, never
 * reset. */
extern DP_HIDDEN bool dp_memory_counted;

static inline void dp_memory_allocated(uint64_t bytes)
{
    struct dp_lane *lane = dp_self;
    if (!lane)
        return;
    struct dp_memory_counts *counts = &lane->memory;
    counts->allocations++;
    counts->allocated_bytes += bytes;
    counts->live_bytes += (int64_t)bytes;
    if (counts->live_bytes > counts->peak_bytes)
        counts->peak_bytes = counts->live_bytes;
}

static inline void dp_memory_freed(uint64_t bytes)
{
    struct dp_lane *lane = dp_self;
    if (!lane)
        return;
    lane->memory.frees++;
    lane->memory.freed_bytes += bytes;
    lane->memory.live_bytes -= (int64_t)bytes;
}

#endif
