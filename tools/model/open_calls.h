/*
 * Calls that were open when the process died, or are open now, from the state of its lanes.
 *
 * A lane has two lists: the frames of sampled calls, whose start was read from the clock
 * (exact); and the watched calls. Of a watched call the list has only the time from which it
 * is slow.
 */
#ifndef DP_TOOLS_OPEN_CALLS_H
#define DP_TOOLS_OPEN_CALLS_H

#include "profile.h"

/* A call that is in both lists is added once, from the frames. */
void dp_open_calls_add(struct dp_profile *profile, const struct dp_lane_state *lane);

/* When sites, settings and all lanes have been read: works out when the watched calls
 * began, and drops what has ended. */
void dp_open_calls_settle(struct dp_profile *profile);

#endif
