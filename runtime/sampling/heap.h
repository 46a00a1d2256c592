/*
 * Allocations sampled by bytes: which stack allocated, and until when the memory was held.
 *
 * Each thread subtracts the bytes of its allocations from a budget; the allocation that uses
 * it up is sampled, and a new budget is drawn from an exponential distribution with the mean
 * of DEEP_PROFILE_HEAP. So an allocation of b bytes is sampled with probability
 * p = 1 - exp(-b / mean), whatever was allocated before it, and stands for b / p bytes:
 * docs/memory.md derives it.
 *
 * host/malloc*.c calls this after an allocation and before a release. The address of a sample
 * is kept in a table (heap_table.h), so that its release is recognised; what happened goes
 * through queues (heap_queue.h) to the steward, who writes it (heap_log.h). No lock, no
 * allocation, no system call. The allocator may be called by any thread at any point, in a
 * signal handler that interrupted one of these functions, too.
 */
#ifndef DP_HEAP_H
#define DP_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "deep_profile/abi/gate.h"
#include "heap_table.h"

/* True while allocations are sampled. The steward sets it; a store that another thread sees
 * late costs a sample, or adds one. */
extern DP_HIDDEN bool dp_heap_on;

/* Bytes that the thread may still allocate before the next sample. */
extern DP_HIDDEN DP_INITIAL_EXEC _Thread_local int64_t dp_heap_budget;

/* What the inline functions below call when there is work to do. `caller`: the return address of
 * the function of the malloc family. */
void dp_heap_sample(const void *pointer, size_t bytes, const void *caller);
void dp_heap_release(const void *pointer);
uint64_t dp_heap_take_out(const void *pointer);
void dp_heap_put_back(const void *pointer, uint64_t allocation);
void dp_heap_is_gone(uint64_t allocation);

/* After an allocation: `pointer` is not NULL, and its caller does not have it yet. */
static inline void dp_heap_allocated(const void *pointer, size_t bytes, const void *caller)
{
    if (DP_LIKELY(bytes <= INT64_MAX) && DP_UNLIKELY((dp_heap_budget -= (int64_t)bytes) < 0))
        dp_heap_sample(pointer, bytes, caller);
}

/* Before memory is given back: nobody else can get it yet. */
static inline void dp_heap_freed(const void *pointer)
{
    if (DP_UNLIKELY(dp_heap_may_hold(pointer)))
        dp_heap_release(pointer);
}

/*
 * Around a realloc. The address is taken out of the table before, because another thread may have
 * the memory when realloc returns; it is put back if realloc refuses. Returns the sample's
 * number; 0: the address is no sample's.
 */
static inline uint64_t dp_heap_before_realloc(const void *pointer)
{
    return DP_UNLIKELY(pointer && dp_heap_may_hold(pointer)) ? dp_heap_take_out(pointer) : 0;
}

static inline void dp_heap_after_realloc(const void *pointer, uint64_t allocation, bool refused)
{
    if (DP_LIKELY(!allocation))
        return;
    if (refused)
        dp_heap_put_back(pointer, allocation);
    else
        dp_heap_is_gone(allocation);
}

/* Where DEEP_PROFILE_HEAP asks for it: makes the tables, before the steward runs; also in a
 * forked child, which knows nothing of what its parent allocated. 0 or -ENOMEM. */
int dp_heap_init(void);
/* Sampling begins, if it was asked for. */
void dp_heap_begin(void);
/* No more samples. Async-signal-safe: for a forked child, too. */
void dp_heap_end(void);
/* The mean in force, in bytes; 0: nothing is sampled. */
uint64_t dp_heap_interval(void);
/* The mean becomes what was asked for times 2^doublings, for budgets drawn from now on. Each
 * sample says which mean its budget was drawn with, so no estimate is biased by it. */
#define DP_HEAP_MOST_DOUBLINGS 20
void dp_heap_thin_out(unsigned doublings);

#endif
