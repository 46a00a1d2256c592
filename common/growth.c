/* See growth.h. */
#include "growth.h"

#define FEWEST 8
#define QUARTERS 4
#define MOST_PPM UINT64_C(1000000000000)

/* Two points become one. */
static void halve(struct dp_growth *growth)
{
    for (uint32_t i = 0; i < growth->n / 2; i++)
        growth->points[i] = (growth->points[2 * i] + growth->points[2 * i + 1]) / 2;
    growth->n /= 2;
    growth->spacing_ns *= 2;
}

void dp_growth_add(struct dp_growth *growth, uint64_t now_ns, uint64_t interval_ns, double value)
{
    if (!growth->spacing_ns) {
        growth->spacing_ns = interval_ns ? interval_ns : 1;
        growth->from_ns = now_ns - interval_ns;
    }
    growth->sum += value;
    growth->weight += 1;
    /* Half an interval of tolerance: intervals are a little longer or shorter than they should. */
    while (now_ns + interval_ns / 2 >= growth->from_ns + (growth->n + 1) * growth->spacing_ns) {
        if (growth->n == DP_GROWTH_POINTS) {
            halve(growth);
            continue;
        }
        growth->points[growth->n++] = growth->weight > 0 ? growth->sum / growth->weight : value;
        growth->sum = growth->weight = 0;
    }
}

/* The mean of the points [from, to). */
static double mean(const struct dp_growth *growth, uint32_t from, uint32_t to)
{
    double sum = 0;
    for (uint32_t i = from; i < to; i++)
        sum += growth->points[i];
    return sum / (to - from);
}

uint64_t dp_growth_judge(const struct dp_growth *growth, uint64_t least_ns, double least)
{
    double quarter[QUARTERS];
    uint32_t n = growth->n;
    if (n < FEWEST || n * growth->spacing_ns < least_ns)
        return 0;
    for (uint32_t i = 0; i < QUARTERS; i++)
        quarter[i] = mean(growth, n * i / QUARTERS, n * (i + 1) / QUARTERS);
    double step = (quarter[3] - quarter[0]) / 3;
    double first = mean(growth, 0, n / 2), second = mean(growth, n / 2, n);
    if (3 * step < least || !(first > 0))
        return 0;
    for (uint32_t i = 1; i < QUARTERS; i++)
        if (quarter[i] - quarter[i - 1] < step / 2)
            return 0;
    double ppm = (second / first - 1) * 1e6;
    return ppm < (double)MOST_PPM ? (uint64_t)ppm : MOST_PPM;
}
