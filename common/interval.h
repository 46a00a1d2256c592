/*
 * What an `interval` record (events.def) says of a site in a lane: which of the sums of struct
 * dp_site_stats it has, and where its histograms' counters belong. The runtime writes it, the
 * tool adds it up.
 */
#ifndef DP_COMMON_INTERVAL_H
#define DP_COMMON_INTERVAL_H

#include <stddef.h>

#include "deep_profile/abi/state.h"

/* The sums in order of their bits in `which`. The last two are one number of 128 bits. */
#define DP_INTERVAL_SUMS(SUM)                                                              \
    SUM(calls) SUM(sampled) SUM(estimated) SUM(gated) SUM(total_ns) SUM(child_ns)          \
    SUM(nested_ns) SUM(slow) SUM(slow_total_ns) SUM(maybe_slow) SUM(maybe_slow_least_ns)   \
    SUM(maybe_slow_most_ns) SUM(exceptions) SUM(memory_calls) SUM(allocated_bytes)         \
    SUM(freed_bytes) SUM(allocations) SUM(frees) SUM(self_allocated_bytes)                 \
    SUM(self_allocations) SUM(more_copies) SUM(variance) SUM(variance_high)

#define DP_INTERVAL_BIT(name) DP_INTERVAL_##name,
enum dp_interval_sum { DP_INTERVAL_SUMS(DP_INTERVAL_BIT) DP_INTERVAL_N_SUMS };
#undef DP_INTERVAL_BIT

/* Where the sum of a bit is in struct dp_site_stats. */
static inline size_t dp_interval_sum_offset(uint32_t bit)
{
#define DP_INTERVAL_OFFSET(name) offsetof(struct dp_site_stats, name),
    static const uint16_t offsets[] = {DP_INTERVAL_SUMS(DP_INTERVAL_OFFSET)};
#undef DP_INTERVAL_OFFSET
    return offsets[bit];
}

/* An element of `buckets`: a counter of one of three histograms (sampled calls; least and most
 * of slow ones), and by how much it grew. A counter may have several. */
#define DP_INTERVAL_HISTOGRAM_BUCKETS ((uint32_t)DP_HISTOGRAM_BLOCKS * DP_HISTOGRAM_SUB)
#define DP_INTERVAL_BUCKETS (3 * DP_INTERVAL_HISTOGRAM_BUCKETS)
#define DP_INTERVAL_MOST_CALLS 0xffffu

static inline uint32_t dp_interval_element(uint32_t bucket, uint32_t calls)
{
    return bucket << 16 | calls;
}

DP_ABI_ASSERT(DP_INTERVAL_BUCKETS <= 0x10000);

#endif
