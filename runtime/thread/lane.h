/*
 * Lanes: what one thread at a time writes to. A thread takes one at its first
 * opened call and gives it back when it ends; the next thread goes on with it,
 * so thousands of short-lived threads need as many lanes as live at once.
 */
#ifndef DP_LANE_H
#define DP_LANE_H

#include "base/types.h"

extern DP_HIDDEN DP_INITIAL_EXEC _Thread_local struct dp_lane *dp_self;

/* 0 or -errno. Files are made in the log's directory. */
int dp_lanes_init(void);
/* In a forked child, at once: the thread has no lane. A fork in a signal handler may
 * have interrupted what writes to the parent's, and the child may come back to it:
 * what it writes then is nobody's. Async-signal-safe. */
void dp_lanes_were_forked(void);
/* In a forked child: unmaps the parent's, but for what it may come back to. */
void dp_lanes_reset(void);

/* For the calling thread; NULL when refused (counted as lost). Sets dp_self and
 * the thread's gate words, and asks to be told when the thread ends. */
struct dp_lane *dp_lane_take(void);

/* For the steward, about once a second: lanes whose threads ended unheard. */
void dp_lanes_reclaim(void);

/* Flushes every lane whose thread is gone, and the calling thread's own. Lanes
 * of threads that still run are left as they lie: they may be writing. */
void dp_lanes_finish(void);

/* Calls of a slot that stand in no `calls` event yet, once: owner and steward
 * may both ask. */
uint64_t dp_lane_claim_calls(struct dp_lane *lane, uint32_t slot);
/* They could not be reported. */
void dp_lane_unclaim_calls(struct dp_lane *lane, uint32_t slot, uint64_t calls);
/* The site whose calls a slot counts, when they leave events; or 0. */
uint32_t dp_lane_counted_site(uint32_t slot);

/* Makes room for counts up to `slot` in every lane. */
int dp_lanes_allow_counted(uint32_t slot);

/* Allocates [offset, offset + bytes) of a lane's state file. 0 or -errno. */
int dp_lane_grow(uint32_t lane, uint64_t offset, uint64_t bytes);

/* For the steward: lanes that nobody has had for a second are unmapped; their
 * files stay, and the next thread maps one of them again. */
void dp_lanes_rest(uint64_t now);

void dp_lane_add_sums(const struct dp_lane *lane, struct dp_lane_sums *sums);

/* Memory in the place of a lane's state. Zeros are a lane without open calls; its arena
 * looks full. 0 or -errno. Async-signal-safe, and safe at any point of the owner's. */
int dp_lane_map_over(const struct dp_lane *lane, struct dp_lane_state *state);

/* All lanes made so far; entries stay valid until reset. Their `state` is NULL
 * while they rest. */
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

/* For those who do not own it. */
static inline struct dp_lane_state *dp_lane_state_of(const struct dp_lane *lane)
{
    return __atomic_load_n(&lane->state, __ATOMIC_ACQUIRE);
}

/* Has it a thread (which may have ended unheard)? */
static inline bool dp_lane_is_owned(const struct dp_lane *lane)
{
    return atomic_load_explicit(&lane->owned, memory_order_acquire);
}

#define DP_LANE_COUNTS(state) ((uint64_t *)((char *)(state) + DP_LANE_COUNTS_OFFSET))
#define DP_LANE_REPORTED(state) ((uint64_t *)((char *)(state) + DP_LANE_REPORTED_OFFSET))

#endif
