/*
 * Log-linear latency histograms (abi/state.h), added up over lanes.
 *
 * Used by the statistics. Values are nanoseconds.
 */
#ifndef DP_TOOLS_HISTOGRAM_H
#define DP_TOOLS_HISTOGRAM_H

#include <deep_profile/abi/state.h>

struct dp_histogram {
    uint64_t *blocks[DP_HISTOGRAM_BLOCKS]; /* NULL: an empty block */
    uint64_t count;
};

void dp_histogram_add(struct dp_histogram *histogram, uint64_t value);
void dp_histogram_add_block(struct dp_histogram *histogram, uint32_t block,
                            const uint32_t counters[DP_HISTOGRAM_SUB]);
/* The values of another one, too. */
void dp_histogram_add_all(struct dp_histogram *histogram, const struct dp_histogram *other);
/* `count` values in bucket block * DP_HISTOGRAM_SUB + slot, which is one. */
void dp_histogram_add_many(struct dp_histogram *histogram, uint32_t bucket, uint64_t count);
void dp_histogram_finish(struct dp_histogram *histogram);

/*
 * The value that a share `q` of the values does not exceed (nearest rank: the
 * ceil(q * count)-th smallest), as the middle of its bucket, so within 0.8 %.
 * 0 when there are none.
 */
uint64_t dp_histogram_quantile(const struct dp_histogram *histogram, double q);

/* Sum over the values of their squared distance from `mean`. */
double dp_histogram_squares(const struct dp_histogram *histogram, double mean);

/* Sums of powers of the values, each taken as the middle of its bucket. */
struct dp_moments {
    double count;
    double sum;
    double squares;
    double cubes;
};

/* The moments of the values below `below`. */
struct dp_moments dp_histogram_moments(const struct dp_histogram *histogram, double below);

/*
 * How heavy the upper tail of the values is: Hill's estimate of 1/alpha, where
 * the share of values above x falls like x^-alpha (Hill: A Simple General Approach to
 * Inference About the Tail of a Distribution, Annals of Statistics 3, 1975). From the
 * count^0.6 largest values, at least 5; `*used`: how many. 0 for fewer than 6 values.
 */
double dp_histogram_tail(const struct dp_histogram *histogram, double *used);

#endif
