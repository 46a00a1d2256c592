/*
 * The memory budget, the ceiling of what the runtime takes: everything that grows with
 * threads, sites and packets is taken from it before it is mapped, and what does
 * not fit is done without and counted as lost. Never on the hot path.
 *
 * Resident memory is at most the budget and DP_MEMORY_BUDGET_FIXED_BYTES: the library
 * itself, the steward's stack, and tables whose size nothing changes.
 * docs/reliability.md states it, tests/e2e/ceiling.py holds us to it.
 */
#ifndef DP_MEMORY_BUDGET_H
#define DP_MEMORY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define DP_MEMORY_BUDGET_FIXED_BYTES (UINT64_C(4) << 20)

/* From DEEP_PROFILE_OWN_MEMORY, or what suits the machine. */
void dp_memory_budget_init(void);
/* In a forked child: nothing is taken but what was taken for good. */
void dp_memory_budget_reset(void);

/* False: there is not so much left. */
bool dp_memory_budget_take(uint64_t bytes);
void dp_memory_budget_take_anyway(uint64_t bytes);
void dp_memory_budget_give(uint64_t bytes);
/* The same for what a forked child keeps. */
bool dp_memory_budget_take_for_good(uint64_t bytes);

uint64_t dp_memory_budget_used(void);

#endif
