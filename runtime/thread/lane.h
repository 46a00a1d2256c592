/*
 * Lanes: what one thread at a time writes to, a stream and a block of mapped state; and the
 * table of all lanes. lanes.h assigns lanes to threads.
 */
#ifndef DP_LANE_H
#define DP_LANE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "deep_profile/abi/gate.h"
#include "deep_profile/abi/state.h"
#include "frame.h"
#include "log/stream_state.h"

/* Sums over lanes. */
struct dp_lane_sums {
    uint64_t lost[DP_LOSS_COUNT];
    uint64_t slow_paths;
    uint64_t gated;
    int64_t forgotten;
};

/* Where the owner gave us a name before, and whose it was: a hint (telemetry/names.h). */
#define DP_NAMES_SEEN 64
struct dp_name_seen {
    const char *at;
    uint32_t index;
};

/*
 * The private part of a lane. One thread owns it and writes plainly. The steward reads
 * frames and sums; other threads end calls that began here (hot/stacks.c).
 */
struct dp_lane {
    /* Not 0: the owner is inside the runtime; the value is its stack pointer there, with
     * DP_PLAIN_CALL. A signal handler that finds it set stays out. */
    volatile uintptr_t busy;
    uint32_t index;
    uint64_t due;                 /* dp_due_opened() of this lane, without kinds and start */
    struct dp_lane_state *state;  /* NULL: no thread has the lane, and it is not mapped */
    /* the same, set before the first store and cleared after the last one */
    struct dp_lane_state *mapped;
    struct dp_site_stats **stats; /* by site; NULL: not made yet */
    uint64_t random;
    struct dp_stream stream;
    struct dp_memory_counts memory;
    struct dp_memory_below below;
    uint64_t counted_calls; /* calls whose memory was counted */
    uintptr_t stack_low; /* the stack the owner was started on; 0 bytes: not known */
    size_t stack_bytes;
    size_t state_bytes;
    uint64_t taken_bytes; /* of the memory ceiling, while the state is mapped */
    uint64_t retry_stats_ns; /* until then no room for more aggregates is requested */
    struct dp_call_tree *tree; /* call_tree.h; NULL: not made */
    bool tree_on;              /* gates are held open for it (hot/trees.h) */
    struct dp_name_seen seen[DP_NAMES_SEEN];
    uint64_t telemetry_calls; /* by its owner (telemetry/entry.h); the steward reads it */
    char *shadow; /* the steward's: steward/intervals.h */
    uint64_t shadow_bytes;
    uint64_t shadow_paths; /* slow paths and telemetry_calls as of then */
    struct dp_lane *next_free;
    uint64_t free_since_ns;
    bool has_file;
    _Atomic bool owned; /* by thread stream.tid; `owner` in the file may be cut off */
    bool spoiled; /* somebody cut or removed its file while it was not mapped */
    struct dp_lane_sums kept; /* while `state` is NULL */
    struct dp_frame frames[DP_LANE_FRAMES + 1]; /* frames[i + 1] belongs to state->frames[i] */
    struct dp_memory_frame memory_frames[DP_LANE_FRAMES];
    /* Other threads use these too, so they have a cache line apart from what the owner
     * writes all the time; see stacks.c. */
    _Alignas(64) _Atomic uint64_t forgotten_until_ns; /* no call that began by then has a frame */
    _Atomic uint32_t visitors; /* number of threads that are reading `state` */
};

/* A bit of `busy`: entered by a plain call, not by a thunk. */
#define DP_PLAIN_CALL UINT64_C(1)

/* The calling thread's lane; NULL if it has none. */
extern DP_HIDDEN DP_INITIAL_EXEC _Thread_local struct dp_lane *dp_self;

/* All lanes made so far (at most DP_MAX_LANES); entries stay valid until reset. The `state`
 * of a resting lane is NULL. */
extern DP_HIDDEN struct dp_lane **dp_lanes;
extern DP_HIDDEN _Atomic uint32_t dp_n_lanes;

static inline uint32_t dp_lanes_count(void)
{
    return atomic_load_explicit(&dp_n_lanes, memory_order_acquire);
}

static inline struct dp_lane *dp_lane_at(uint32_t index)
{
    return dp_lanes[index];
}

/* For threads that do not own the lane. */
static inline struct dp_lane_state *dp_lane_state_of(const struct dp_lane *lane)
{
    return __atomic_load_n(&lane->state, __ATOMIC_ACQUIRE);
}

/* Does a thread own it? (The thread may have ended without our noticing.) */
static inline bool dp_lane_is_owned(const struct dp_lane *lane)
{
    return atomic_load_explicit(&lane->owned, memory_order_acquire);
}

/* Adds the lane's sums to *sums. */
void dp_lane_add_sums(const struct dp_lane *lane, struct dp_lane_sums *sums);

/* Maps zeroed memory in the place of a lane's state. It reads as a lane without open calls
 * and with a full arena. 0 or -errno. Async-signal-safe, and safe at any point of the
 * owner's code. */
int dp_lane_map_over(const struct dp_lane *lane, struct dp_lane_state *state);

#define DP_LANE_COUNTS(state) ((uint64_t *)((char *)(state) + DP_LANE_COUNTS_OFFSET))
#define DP_LANE_REPORTED(state) ((uint64_t *)((char *)(state) + DP_LANE_REPORTED_OFFSET))

#endif
