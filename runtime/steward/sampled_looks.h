/*
 * Stacks by time: every 10 ms the threads that are in a call whose strategy is to sample
 * stacks (sample, flame_graph); and with DEEP_PROFILE_SAMPLE all threads of the process, so
 * often. Each look stands for the time since the round before; a thread that waited all that
 * time is neither read again nor written again. Steward only.
 */
#ifndef DP_SAMPLED_LOOKS_H
#define DP_SAMPLED_LOOKS_H

#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_sampled_looks_init(void);
/* Once a tick: looks when a round is due. */
void dp_sampled_looks_round(uint64_t now);
/* Writes what is not written yet. */
void dp_sampled_looks_finish(uint64_t now);

#endif
