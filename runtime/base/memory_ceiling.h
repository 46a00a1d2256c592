/*
 * The memory ceiling: how much the runtime may take. Everything that grows with threads,
 * sites and packets is reserved here before it is mapped; what does not fit is not made,
 * and its loss is counted. Never on the hot path.
 *
 * Resident memory is at most this ceiling plus DP_MEMORY_CEILING_FIXED_BYTES: the library
 * itself, the steward's stack, and tables of a fixed size. docs/reliability.md promises it,
 * tests/e2e/ceiling.py checks it.
 */
#ifndef DP_MEMORY_CEILING_H
#define DP_MEMORY_CEILING_H

#include <stdbool.h>
#include <stdint.h>

#define DP_MEMORY_CEILING_FIXED_BYTES (UINT64_C(4) << 20)

/* From DEEP_PROFILE_OWN_MEMORY, or what suits the machine. */
void dp_memory_ceiling_init(void);
/* In a forked child: only what was taken for good stays taken. */
void dp_memory_ceiling_reset(void);

/* False: there is not enough left. */
bool dp_memory_ceiling_take(uint64_t bytes);
void dp_memory_ceiling_take_anyway(uint64_t bytes);
void dp_memory_ceiling_give(uint64_t bytes);
/* The same for what a forked child keeps. */
bool dp_memory_ceiling_take_for_good(uint64_t bytes);
/* Takes and maps zeroed memory that a forked child keeps. NULL: nothing was taken. */
void *dp_memory_ceiling_map_for_good(uint64_t bytes);
/* Unmaps and gives what dp_memory_ceiling_map_for_good() returned. NULL is accepted. */
void dp_memory_ceiling_unmap_for_good(void *at, uint64_t bytes);

uint64_t dp_memory_ceiling_used(void);

#endif
