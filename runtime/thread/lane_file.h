/*
 * A lane's state file, state/lane-NNNN: made, mapped, grown. Any part that the runtime
 * stores into is allocated first, so that a full disk gives an error here, not a signal
 * later.
 */
#ifndef DP_LANE_FILE_H
#define DP_LANE_FILE_H

#include "lane.h"

#define DP_LANE_ARENA_STEP 16384 /* bytes of the arena in a new file */

/* Bytes of a lane's state as mapped; most of them are never touched. */
size_t dp_lane_file_bytes(void);

/* Maps the lane's file: a new one, with counts up to slot `slots`, or the one that the lane
 * had before. NULL when refused. dp_lane_file_open sets lane->spoiled if somebody has cut
 * or removed the file. */
struct dp_lane_state *dp_lane_file_make(struct dp_lane *lane, uint32_t slots);
struct dp_lane_state *dp_lane_file_open(struct dp_lane *lane);

/* Allocates [offset, offset + bytes) of lane number `lane`'s file. 0 or -errno. */
int dp_lane_file_grow(uint32_t lane, uint64_t offset, uint64_t bytes);
/* Makes room for counts up to `slot`. 0 or -errno; -ENOENT: there is no file. */
int dp_lane_file_allow_counts(uint32_t lane, uint32_t slot);

#endif
