/*
 * Exact time: nanoseconds of CLOCK_MONOTONIC, from the timestamp counter where
 * it is invariant and the kernel trusts it, from the vDSO elsewhere.
 *
 * The conversion is a line, ns = base_ns + (tsc - base_tsc) * mult / 2^32. The
 * steward measures it again and again and publishes a new line that starts
 * where the old one is now, so that time never jumps. Threads read the current
 * line through one pointer; an old line stays valid for many minutes.
 */
#ifndef DP_CLOCK_H
#define DP_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "arch/call_out.h"

struct dp_clock_line {
    uint64_t base_tsc; /* so early, modulo 2^64, that no counter is behind it */
    uint64_t base_ns;  /* modulo 2^64, too */
    uint64_t mult; /* ns per cycle, times 2^32 */
};

extern _Atomic(const struct dp_clock_line *) dp_clock_line
    __attribute__((visibility("hidden"))); /* NULL: use the vDSO */

/* `choice`: "auto", "tsc" or "monotonic". */
void dp_clock_init(const char *choice);
/* Called by the steward about once a second. */
void dp_clock_adjust(void);
bool dp_clock_is_tsc(void);

uint64_t dp_clock_monotonic(void *, uintptr_t, uintptr_t);

static inline uint64_t dp_clock_line_at(const struct dp_clock_line *line, uint64_t tsc)
{
    return line->base_ns +
           (uint64_t)(((unsigned __int128)(tsc - line->base_tsc) * line->mult) >> 32);
}

static inline uint64_t dp_now_ns(void)
{
    /* memory_order_consume would do; compilers turn it into acquire, a plain load here */
    const struct dp_clock_line *line = atomic_load_explicit(&dp_clock_line, memory_order_acquire);
    if (__builtin_expect(line == 0, 0))
        return dp_call_out_in_place(dp_clock_monotonic, 0, 0, 0);
    return dp_clock_line_at(line, dp_arch_tsc());
}

#endif
