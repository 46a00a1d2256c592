/*
 * Assigns lanes to threads. A thread takes a lane at its first opened call and gives it
 * back when it ends; then the next thread uses it. So thousands of short-lived threads need
 * only as many lanes as live at once. Lanes without a thread rest: their state is not
 * mapped.
 */
#ifndef DP_LANES_H
#define DP_LANES_H

#include "lane.h"

/* Ends the calls that are still open on a lane when its thread, or the process, ends
 * (hot/stacks.h, dp_stacks_leave). */
typedef void dp_leave_calls(struct dp_lane *lane, enum dp_left left);

/* Call it before any thread takes a lane. 0 or -errno. Files are made in the log's
 * directory. */
int dp_lanes_init(dp_leave_calls *leave);
/* In a forked child, at once: the thread has no lane any more. The fork may have come from
 * a signal handler that interrupted a store into the parent's lane, and the child may
 * return to that code: its stores then go to memory that nobody reads. Async-signal-safe. */
void dp_lanes_were_forked(void);
/* In a forked child: unmaps the parent's lanes, except those that the child may still store
 * into. */
void dp_lanes_reset(void);

/* Takes a lane for the calling thread; NULL when refused (counted as lost). Sets dp_self
 * and the thread's gate words, and makes sure that the thread's end gives the lane back. */
struct dp_lane *dp_lane_take(void);

/* For the steward, about once a second: takes back lanes whose threads ended without
 * running destructors. */
void dp_lanes_reclaim(void);

/* For the steward: unmaps lanes that have been free for a second, and calls `before` for each
 * while it is still mapped. Their files stay; the next thread maps one of them again. */
void dp_lanes_rest(uint64_t now, void (*before)(struct dp_lane *lane));

/* Flushes the calling thread's lane and every lane whose thread has ended. Lanes of running
 * threads are left alone, since those may be writing. */
void dp_lanes_finish(void);

#endif
