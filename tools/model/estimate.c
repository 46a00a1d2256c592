/* See estimate.h. */
#include "estimate.h"

#include <math.h>

struct dp_estimate dp_exactly(double value)
{
    return (struct dp_estimate){value, value, value, DP_EXACT};
}

struct dp_estimate dp_at_least(double low)
{
    if (!(low > 0))
        return (struct dp_estimate){NAN, NAN, NAN, DP_UNKNOWN};
    return (struct dp_estimate){low, low, INFINITY, DP_AT_LEAST};
}

struct dp_estimate dp_estimate_within(struct dp_estimate estimate, double most)
{
    if (estimate.certainty == DP_EXACT || estimate.certainty == DP_UNKNOWN || estimate.low > most)
        return estimate;
    estimate.value = fmin(estimate.value, most);
    estimate.high = fmin(estimate.high, most);
    return estimate;
}

struct dp_estimate dp_estimate_part(struct dp_estimate estimate, double part)
{
    return (struct dp_estimate){estimate.value * part, estimate.low * part, estimate.high * part,
                                estimate.certainty};
}
