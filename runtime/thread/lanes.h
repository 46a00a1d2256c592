/*
 * Which thread has which lane. A thread takes one at its first opened call and gives it
 * back when it ends; the next thread goes on with it, so thousands of short-lived threads
 * need as many lanes as live at once. Lanes that nobody has rest: their state is not
 * mapped.
 */
#ifndef DP_LANES_H
#define DP_LANES_H

#include "lane.h"

/* What becomes of the calls that are still open on a lane whose thread, or process, ends
 * (hot/stacks.h, dp_stacks_leave). */
typedef void dp_leave_calls(struct dp_lane *lane, enum dp_left left);

/* Before any thread takes one. 0 or -errno. Files are made in the log's directory. */
int dp_lanes_init(dp_leave_calls *leave);
/* In a forked child, at once: the thread has no lane. A fork in a signal handler may
 * have interrupted what writes to the parent's, and the child may come back to it:
 * what it writes then is nobody's. Async-signal-safe. */
void dp_lanes_were_forked(void);
/* In a forked child: unmaps the parent's, but for what it may come back to. */
void dp_lanes_reset(void);

/* For the calling thread; NULL when refused (counted as lost). Sets dp_self and
 * the thread's gate words, and arranges that the thread's end gives it back. */
struct dp_lane *dp_lane_take(void);

/* For the steward, about once a second: takes back lanes whose threads ended without
 * running destructors. */
void dp_lanes_reclaim(void);

/* For the steward: lanes that nobody has had for a second are unmapped; their
 * files stay, and the next thread maps one of them again. */
void dp_lanes_rest(uint64_t now);

/* Flushes every lane whose thread is gone, and the calling thread's. Lanes of threads
 * that still run are left as they lie: they may be writing. */
void dp_lanes_finish(void);

#endif
