/*
 * A lane's state file, state/lane-NNNN: made, mapped, grown. What of it may be stored into
 * is allocated before, so that a full disk is an error here and not a signal later.
 */
#ifndef DP_LANE_FILE_H
#define DP_LANE_FILE_H

#include "lane.h"

#define DP_LANE_ARENA_STEP 16384 /* what of the arena a new file has */

/* Bytes of a lane's state, mapped; most of them never touched. */
size_t dp_lane_file_bytes(void);

/* Makes a new file, with counts up to slot `slots`, or opens the one that the lane had
 * before, and maps it. NULL when refused. dp_lane_file_open sets lane->spoiled when
 * somebody cut the file or took it away. */
struct dp_lane_state *dp_lane_file_make(struct dp_lane *lane, uint32_t slots);
struct dp_lane_state *dp_lane_file_open(struct dp_lane *lane);

/* Allocates [offset, offset + bytes) of lane number `lane`'s file. 0 or -errno. */
int dp_lane_file_grow(uint32_t lane, uint64_t offset, uint64_t bytes);
/* Room for counts up to `slot`. 0 or -errno; -ENOENT: there is no file. */
int dp_lane_file_allow_counts(uint32_t lane, uint32_t slot);

#endif
