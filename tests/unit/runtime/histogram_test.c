/* The log-linear histogram: buckets cover everything, in order, without gaps,
 * and none is wider than 1/64 of its values. */
#include "common/aggregate.h"

#include "check.h"

static void check_value(uint64_t value)
{
    uint32_t block = dp_histogram_block(value), slot = dp_histogram_slot(value, block);
    CHECK(block < DP_HISTOGRAM_BLOCKS && slot < DP_HISTOGRAM_SUB);
    uint64_t low = dp_histogram_value(block, slot);
    uint64_t high = slot + 1 < DP_HISTOGRAM_SUB ? dp_histogram_value(block, slot + 1)
                                                : dp_histogram_value(block + 1, 0);
    if (value >= UINT64_C(1) << (DP_HISTOGRAM_SUB_BITS + DP_HISTOGRAM_BLOCKS - 1)) {
        CHECK(block == DP_HISTOGRAM_BLOCKS - 1);
        return;
    }
    CHECK(value >= low && value < high);
    CHECK((high - low) * 64 <= (low > 64 ? low : 64));
}

int main(void)
{
    for (uint64_t value = 0; value < 100000; value++)
        check_value(value);
    for (int bit = 0; bit < 64; bit++) {
        for (int64_t around = -3; around <= 3; around++)
            check_value((UINT64_C(1) << bit) + (uint64_t)around);
    }
    uint64_t x = 1;
    for (int i = 0; i < 1000000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        check_value(x >> (x >> 58));
    }
    return 0;
}
