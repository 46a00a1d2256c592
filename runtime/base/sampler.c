/* Tables of the sampler; see sampler.h. Called once at start. */
#include "sampler.h"

#include "deep_profile/abi/gate.h"

uint64_t dp_ln_table[DP_LN_TABLE + 1];

/* ln(x) = 2 artanh((x - 1)/(x + 1)), for x in [1/2, 1]: 20 terms of the series give double
 * precision there. The host then needs no libm. */
static double ln_near_one(double x)
{
    double z = (x - 1) / (x + 1), square = z * z, power = z, sum = 0;
    for (int n = 1; n < 60; n += 2) {
        sum += power / n;
        power *= square;
    }
    return 2 * sum;
}

static double ln(double x)
{
    const double ln_2 = 0.69314718055994530942;
    double result = 0;
    while (x < 0.5) {
        x *= 2;
        result -= ln_2;
    }
    return result + ln_near_one(x);
}

void dp_sampler_init(void)
{
    const double mean = (double)(UINT64_C(1) << DP_BUDGET_MEAN_BITS);
    for (int i = 0; i <= DP_LN_TABLE; i++)
        dp_ln_table[i] = (uint64_t)(-ln_near_one(0.5 + i / (2.0 * DP_LN_TABLE)) * mean + 0.5);
}

int64_t dp_sampler_weight(double rate)
{
    const double mean = (double)(UINT64_C(1) << DP_BUDGET_MEAN_BITS);
    if (rate >= 1)
        return DP_WEIGHT_ALWAYS;
    if (!(rate > 0))
        return 0;
    /* ln(1 - r) loses its digits below r = 1e-8; there it is -r - r^2/2. */
    double w = rate < 1e-6 ? mean * (rate + rate * rate / 2) : -mean * ln(1 - rate);
    return w < 1 ? 1 : (int64_t)w;
}
