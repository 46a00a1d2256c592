/*
 * What a call leaves behind, in every case but the simplest (which enter.c has
 * whole). Under the same rules as enter.c.
 */
#ifndef DP_FINISH_H
#define DP_FINISH_H

#include "types.h"

/* An opened call that ends now; its frame, at `depth`, is popped already. */
void dp_finish_call(struct dp_lane *lane, uint64_t depth, enum dp_left left, uint64_t now);
/* A call that the coarse clock says was slow. */
void dp_finish_slow(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now);
/* The frames from `depth` up belong to calls that were left without an exit. */
void dp_drop_frames(struct dp_lane *lane, uint64_t depth, enum dp_left left, uint64_t now);
/* Counts a call of a site whose every call opens the gate: once, when it ends
 * or when it is not opened. Nothing for other sites. */
void dp_count_call(struct dp_lane *lane, uint32_t index);
/* The call at `depth` counts memory from here. */
void dp_begin_memory(struct dp_lane *lane, uint64_t depth);

#endif
