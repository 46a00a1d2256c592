/*
 * What a call leaves behind, in every case but the simplest (which exit.c has
 * whole). Under the same rules as enter.c.
 */
#ifndef DP_FINISH_H
#define DP_FINISH_H

#include "deep_profile/abi/log.h"
#include "sites/config.h"
#include "thread/lane.h"

#define DP_NO_FRAME UINT64_MAX

/* An opened call ends now. `i`: its frame in the lane, popped already; or
 * DP_NO_FRAME where none is left of it. */
void dp_finish_call(struct dp_lane *lane, const struct dp_lane_frame *frame, uint64_t i,
                    enum dp_left left, uint64_t now);
/* The same of a call of DP_PATH_MEMORY_EVERY that returns. */
void dp_finish_counted(struct dp_lane *lane, uint64_t i, uint64_t now);
/* The call of frame i was left without an exit. */
void dp_finish_left(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame,
                    enum dp_left left, uint64_t now);
/* A call that the tick says was slow. It is not reported, but counted as lost, where its
 * threshold was changed and nothing tells under which one it began. */
void dp_finish_slow(struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now);
/* A call ends that opened its gate for a tree alone (trees.h): where it is watched for
 * slowness, its exact time is known now. */
void dp_finish_below(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config,
                     uint64_t due, uint64_t now);
/* Counts a call of a site whose every call opens the gate: once, when it ends
 * or when it is not opened. Nothing for other sites. */
void dp_count_call(struct dp_lane *lane, uint32_t index, const struct dp_site_config *config);

#endif
