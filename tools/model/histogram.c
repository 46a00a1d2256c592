/* See histogram.h. */
#include "histogram.h"

#include <math.h>
#include <stdlib.h>

#include "common/aggregate.h"

#include "base/memory.h"

static uint64_t *block_of(struct dp_histogram *histogram, uint32_t block)
{
    if (!histogram->blocks[block])
        histogram->blocks[block] = dp_allocate(DP_HISTOGRAM_SUB, sizeof(uint64_t));
    return histogram->blocks[block];
}

void dp_histogram_add(struct dp_histogram *histogram, uint64_t value)
{
    uint32_t block = dp_histogram_block(value);

    block_of(histogram, block)[dp_histogram_slot(value, block)]++;
    histogram->count++;
}

void dp_histogram_add_block(struct dp_histogram *histogram, uint32_t block,
                            const uint32_t counters[DP_HISTOGRAM_SUB])
{
    uint64_t *sums = block_of(histogram, block);

    for (uint32_t i = 0; i < DP_HISTOGRAM_SUB; i++) {
        sums[i] += counters[i];
        histogram->count += counters[i];
    }
}

void dp_histogram_add_all(struct dp_histogram *histogram, const struct dp_histogram *other)
{
    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        for (uint32_t i = 0; other->blocks[b] && i < DP_HISTOGRAM_SUB; i++)
            block_of(histogram, b)[i] += other->blocks[b][i];
    histogram->count += other->count;
}

void dp_histogram_add_many(struct dp_histogram *histogram, uint32_t bucket, uint64_t count)
{
    block_of(histogram, bucket / DP_HISTOGRAM_SUB)[bucket % DP_HISTOGRAM_SUB] += count;
    histogram->count += count;
}

void dp_histogram_finish(struct dp_histogram *histogram)
{
    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        free(histogram->blocks[b]);
    *histogram = (struct dp_histogram){0};
}

static uint64_t middle(uint32_t block, uint32_t slot)
{
    uint64_t width = block == 0 ? 1 : UINT64_C(1) << (block - 1);

    return dp_histogram_value(block, slot) + (width - 1) / 2;
}

uint64_t dp_histogram_quantile(const struct dp_histogram *histogram, double q)
{
    uint64_t rank = (uint64_t)ceil(q * (double)histogram->count);
    uint64_t seen = 0;

    if (histogram->count == 0)
        return 0;
    if (rank < 1)
        rank = 1;
    if (rank > histogram->count)
        rank = histogram->count;
    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        for (uint32_t i = 0; histogram->blocks[b] && i < DP_HISTOGRAM_SUB; i++)
            if ((seen += histogram->blocks[b][i]) >= rank)
                return middle(b, i);
    return 0;
}

double dp_histogram_squares(const struct dp_histogram *histogram, double mean)
{
    double sum = 0;

    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        for (uint32_t i = 0; histogram->blocks[b] && i < DP_HISTOGRAM_SUB; i++) {
            double distance = (double)middle(b, i) - mean;
            sum += (double)histogram->blocks[b][i] * distance * distance;
        }
    return sum;
}

struct dp_moments dp_histogram_moments(const struct dp_histogram *histogram, double below)
{
    struct dp_moments moments = {0};

    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        for (uint32_t i = 0; histogram->blocks[b] && i < DP_HISTOGRAM_SUB; i++) {
            double value = (double)middle(b, i), count = (double)histogram->blocks[b][i];
            if (value >= below)
                return moments;
            moments.count += count;
            moments.sum += count * value;
            moments.squares += count * value * value;
            moments.cubes += count * value * value * value;
        }
    return moments;
}

double dp_histogram_tail(const struct dp_histogram *histogram, double *used)
{
    double count = (double)histogram->count;
    double most = fmax(floor(pow(count, 0.6)), 5), taken = 0, logs = 0;

    *used = most;
    for (uint32_t b = DP_HISTOGRAM_BLOCKS; count > most && b-- > 0;)
        for (uint32_t i = DP_HISTOGRAM_SUB; histogram->blocks[b] && i-- > 0;) {
            double value = (double)middle(b, i), here = (double)histogram->blocks[b][i];
            if (here == 0)
                continue;
            if (taken + here > most) /* the first value that is not used any more */
                return fmax((logs - taken * log(fmax(value, 1))) / most, 0);
            taken += here;
            logs += here * log(fmax(value, 1));
        }
    return 0;
}
