/*
 * Sums and histograms of struct dp_site_stats (abi/state.h has the layout). The runtime
 * adds to them, the tool reads them and adds them up. Inline, because the runtime runs this
 * for every call that it profiles.
 */
#ifndef DP_COMMON_AGGREGATE_H
#define DP_COMMON_AGGREGATE_H

#include "deep_profile/abi/state.h"

/* Are there buckets for `value`? If not, the last one counts it. */
static inline int dp_histogram_reaches(uint64_t value)
{
    return value < UINT64_C(1) << (DP_HISTOGRAM_BLOCKS + DP_HISTOGRAM_SUB_BITS - 1);
}

/* The block that counts `value`. */
static inline uint32_t dp_histogram_block(uint64_t value)
{
    if (value < DP_HISTOGRAM_SUB)
        return 0;
    if (!dp_histogram_reaches(value))
        return DP_HISTOGRAM_BLOCKS - 1;
    uint32_t log2 = 63u ^ (uint32_t)__builtin_clzll(value);
    return log2 - DP_HISTOGRAM_SUB_BITS + 1;
}

/* The counter in that block. */
static inline uint32_t dp_histogram_slot(uint64_t value, uint32_t block)
{
    if (block == 0)
        return (uint32_t)value;
    if (!dp_histogram_reaches(value))
        return DP_HISTOGRAM_SUB - 1;
    return value >> (block - 1) & (DP_HISTOGRAM_SUB - 1);
}

/* The first value of a bucket. Its last value is one below the next bucket's first. */
static inline uint64_t dp_histogram_value(uint32_t block, uint32_t slot)
{
    return block == 0 ? slot : (uint64_t)(DP_HISTOGRAM_SUB + slot) << (block - 1);
}

/* Adds to the 128-bit variance; `high` has the upper 64 bits. */
static inline void dp_variance_add(struct dp_site_stats *stats, uint64_t low, uint64_t high)
{
    stats->variance += low;
    stats->variance_high += high + (stats->variance < low);
}

#endif
