/*
 * Memory accounting: the malloc family, counted per thread while something in
 * the process asks for it.
 *
 * host/malloc.c (shared library: by symbol interposition) and host/malloc_wrap.c (static
 * programs: by the linker's --wrap) call these two after and before the real
 * allocator. Sizes are what malloc_usable_size says.
 */
#ifndef DP_MEMORY_H
#define DP_MEMORY_H

#include "lane.h"

/* What of the program's allocations can be seen. What cannot is not known, and never 0. */
enum dp_memory_view {
    DP_MEMORY_BYTES,   /* each, and how large it is */
    DP_MEMORY_NUMBERS, /* each, but not how large: the allocator has no malloc_usable_size */
    DP_MEMORY_UNSEEN,  /* none: another malloc stands in front of ours */
};

/* Set by host/malloc.c when the runtime is loaded. */
extern DP_HIDDEN enum dp_memory_view dp_memory_view;

/* Some site of the process counts memory. Set by the sites' decision, never reset. */
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
