/* What the state files of a log add to a profile: totals, open calls, losses. */
#ifndef DP_TOOLS_PROFILE_STATE_H
#define DP_TOOLS_PROFILE_STATE_H

#include "profile.h"

/* Returns 0, or an exit status with `problem` set. Missing or cut files are no failure:
 * has_process and has_lanes say what there was. */
int dp_profile_read_state(struct dp_profile *profile, struct dp_problem *problem);

#endif
