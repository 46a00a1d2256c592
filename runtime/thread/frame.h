/*
 * What a lane knows of its thread's memory and open calls: the private part. The public
 * part, which survives the process, is struct dp_lane_frame of abi/state.h.
 */
#ifndef DP_FRAME_H
#define DP_FRAME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Memory this thread has allocated and freed since it was first seen. */
struct dp_memory_counts {
    uint64_t allocated_bytes;
    uint64_t freed_bytes;
    uint64_t allocations;
    uint64_t frees;
    int64_t live_bytes;
    int64_t peak_bytes; /* highest live_bytes since the innermost counted call began */
};

/* What the counted calls below the innermost open counted call have allocated. */
struct dp_memory_below {
    uint64_t bytes;
    uint64_t allocations;
    uint64_t call; /* that call's number; 0: none is open */
    bool mixed;    /* calls have ended in another order; see hot/call_memory.h */
};

struct dp_site_config;

/* A call that opened its gate and has not ended yet. */
struct dp_frame {
    uint64_t child_ns; /* time spent in opened calls below it */
    uintptr_t stack;   /* the address of the call's frame, to find calls that a longjmp skipped */
    const struct dp_site_config *config; /* configuration that it began under (sites/config.h) */
    uint64_t due;      /* the call's name (abi/gate.h) */
};

/* A frame's memory, if it is counted. */
struct dp_memory_frame {
    _Atomic uint64_t capped_ns; /* start of the call whose count ended with `at_cap` */
    struct dp_memory_counts before;
    struct dp_memory_counts at_cap;
    struct dp_memory_below around; /* the lane's, when the call began */
    uint64_t number;               /* of the call, among the counted calls of the lane */
};

#endif
