/*
 * Reads a log into a profile.
 */
#ifndef DP_TOOLS_PROFILE_GATHER_H
#define DP_TOOLS_PROFILE_GATHER_H

#include "profile.h"

#define DP_PROFILE_STREAMS (1u << 0) /* read the lanes' streams too, not only "runtime" */
#define DP_PROFILE_STATE   (1u << 1)
#define DP_PROFILE_TREE    (1u << 2) /* and make a tree of the calls in the lanes' streams */

/*
 * Gathers `what` the log at `path` holds, and slow calls for `slow_limit` operations. Returns
 * 0, or an exit status with `problem` set and nothing to finish.
 */
int dp_profile_gather(struct dp_profile *profile, const char *path, unsigned what,
                      size_t slow_limit, struct dp_problem *problem);

/* The same of a window of time; `window` NULL, or one that is not wanted: of the whole run. */
int dp_profile_gather_window(struct dp_profile *profile, const char *path, unsigned what,
                             size_t slow_limit, const struct dp_window_request *window,
                             struct dp_problem *problem);

/* Reads the state files of a running process again, in place of what was read before. */
int dp_profile_update(struct dp_profile *profile, struct dp_problem *problem);

#endif
