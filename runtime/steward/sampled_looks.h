/*
 * Samples stacks by time. Every 10 ms the steward looks at the threads that are in a call whose
 * strategy samples stacks (sample, flame_graph); with DEEP_PROFILE_SAMPLE it looks at all threads
 * with that period. A look stands for the time since the last round. A thread that has waited
 * all that time is neither read nor written again. Steward only.
 */
#ifndef DP_SAMPLED_LOOKS_H
#define DP_SAMPLED_LOOKS_H

#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_sampled_looks_init(void);
/* Once a tick: looks when a round is due. */
void dp_sampled_looks_round(uint64_t now);
/* Writes the looks that are not written yet. */
void dp_sampled_looks_finish(uint64_t now);

/* As dp_slow_looks_still_since(). */
uint64_t dp_sampled_looks_still_since(uint32_t tid, uint64_t cpu_ns, uint64_t since);

#endif
