/* Percentiles, categories and their bounds, against values worked out here from all calls. */
#include "check.h"

#include <stdint.h>
#include <string.h>

#include "model/latency.h"

#define MS UINT64_C(1000000)

enum { N = 20000 };

static uint64_t state = 12345;
static uint64_t values[N]; /* in order of size when made() has returned */

/* Deterministic, uniform in [0, 1). */
static double uniform(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Log-normal: a median of 5 ms, and one call in 200 takes more than half a second. */
static void made(void)
{
    for (int i = 0; i < N; i++) {
        double normal = sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
        values[i] = (uint64_t)(5e6 * exp(1.8 * normal)) + 1;
    }
    qsort(values, N, sizeof *values, by_value);
}

static uint64_t exact(double share)
{
    return values[(size_t)ceil(share * N) - 1];
}

static double calls_in(uint64_t from, uint64_t below)
{
    double n = 0;

    for (int i = 0; i < N; i++)
        n += values[i] >= from && values[i] < below;
    return n;
}

static void sample(struct dp_totals *totals, uint64_t ns, double rate)
{
    const struct dp_site_stats one = {.sampled = 1,
                                      .estimated = (uint64_t)(DP_WEIGHT_UNIT / rate + 0.5),
                                      .variance = (uint64_t)(DP_WEIGHT_UNIT * (1 - rate) / rate /
                                                             rate + 0.5),
                                      .total_ns = ns,
                                      .min_ns = ns,
                                      .max_ns = ns};

    dp_totals_add(totals, &one);
    dp_histogram_add(&totals->histogram, ns);
}

static void sample_all(struct dp_totals *totals, double rate)
{
    for (int i = 0; i < N; i++)
        if (rate == 1 || uniform() < rate)
            sample(totals, values[i], rate);
}

/* Judged by a tick: each call's duration is known within `error_ns`. */
static void watch_all(struct dp_totals *totals, uint64_t threshold_ns, uint64_t error_ns)
{
    totals->watched_ns = (double)threshold_ns;
    totals->watched_error_ns = (double)error_ns;
    for (int i = 0; i < N; i++) {
        uint64_t least = values[i] > error_ns ? values[i] - error_ns / 3 : 0, most = values[i] + error_ns / 2;
        if (least >= threshold_ns) {
            const struct dp_site_stats one = {
                .slow = 1, .slow_total_ns = values[i], .slow_max_ns = values[i]};
            dp_totals_add(totals, &one);
            dp_histogram_add(&totals->slow_least, least);
            dp_histogram_add(&totals->slow_most, most);
        } else if (most >= threshold_ns) {
            totals->sum.maybe_slow++;
            totals->sum.maybe_slow_least_ns += least;
            totals->sum.maybe_slow_most_ns += most;
        }
    }
}

static const double from[DP_CATEGORIES + 1] = {0, 50e6, 100e6, 500e6, 1e18};

static void of_every_call_they_are_within_one_percent(void)
{
    struct dp_totals totals = {0};
    struct dp_latency latency;
    double all = 0;

    made();
    sample_all(&totals, 1);
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.of == DP_LATENCY_OF_EVERY && !latency.partial);
    for (int i = 0; i < DP_PERCENTILES; i++) {
        const struct dp_estimate *found = &latency.percentile[i];
        double real = (double)exact(dp_percentile_share((enum dp_percentile)i));
        CHECK(found->certainty == DP_EXACT);
        CHECK_WITHIN_SHARE(found->value, real, 0.008);
        CHECK(found->low <= real && real <= found->high);
    }
    for (int i = 0; i < DP_CATEGORIES; i++) {
        const struct dp_category_calls *found = &latency.category[i];
        double real = calls_in((uint64_t)from[i], (uint64_t)from[i + 1]);
        CHECK(found->calls.low <= real && real <= found->calls.high);
        CHECK_WITHIN_SHARE(found->calls.value, real, 0.05);
        CHECK_WITHIN_SHARE(found->share, found->calls.value / N, 1e-9);
        all += found->calls.value;
    }
    CHECK_WITHIN_SHARE(all, N, 1e-9);
    dp_totals_finish(&totals);
}

/* Of so many sampled sets of the same calls the bounds hold the real value in 95 %. */
static void bounds_of_samples_hold(double rate, uint64_t threshold_ns, enum dp_latency_of of)
{
    enum { SETS = 120 };
    int holds[DP_PERCENTILES] = {0}, counts[DP_CATEGORIES] = {0};

    for (int set = 0; set < SETS; set++) {
        struct dp_totals totals = {0};
        struct dp_latency latency;
        made();
        sample_all(&totals, rate);
        if (threshold_ns)
            watch_all(&totals, threshold_ns, 2 * MS);
        dp_latency_make(&latency, &totals, &dp_default_categories);
        CHECK(latency.of == of);
        for (int i = 0; i < DP_PERCENTILES; i++) {
            const struct dp_estimate *found = &latency.percentile[i];
            double real = (double)exact(dp_percentile_share((enum dp_percentile)i));
            CHECK(found->certainty == (isinf(found->high) ? DP_ROUGH : DP_ESTIMATED));
            holds[i] += found->low <= real && real <= found->high;
        }
        for (int i = 0; i < DP_CATEGORIES; i++) {
            const struct dp_estimate *found = &latency.category[i].calls;
            double real = calls_in((uint64_t)from[i], (uint64_t)from[i + 1]);
            counts[i] += found->low <= real && real <= found->high;
        }
        dp_totals_finish(&totals);
    }
    for (int i = 0; i < DP_PERCENTILES; i++)
        CHECK(holds[i] >= SETS * 0.91, "%s: %d", dp_percentile_name((enum dp_percentile)i), holds[i]);
    for (int i = 0; i < DP_CATEGORIES; i++)
        CHECK(counts[i] >= SETS * 0.91, "%s: %d", dp_category_name((enum dp_category)i), counts[i]);
}

/* 200 sampled calls of 20,000 say nothing of p99.9; the slow calls, of which each is known, do. */
static void slow_calls_make_the_high_percentiles_exact(void)
{
    struct dp_totals totals = {0};
    struct dp_latency latency;

    made();
    sample_all(&totals, 0.01);
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.percentile[DP_P999].certainty == DP_ROUGH);
    watch_all(&totals, 100 * MS, 1 * MS);
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.percentile[DP_P999].high < 1.5 * (double)exact(0.999));
    CHECK(latency.percentile[DP_P999].low > 0.5 * (double)exact(0.999));
    double real = calls_in(500 * MS, UINT64_MAX);
    const struct dp_estimate *critical = &latency.category[DP_CRITICAL].calls;
    CHECK(real > 20 && critical->low <= real && real <= critical->high);
    CHECK(critical->high - critical->low <= 6); /* what the tick leaves open */
    CHECK(latency.category[DP_FAST].calls.high > 1.05 * latency.category[DP_FAST].calls.value);
    dp_totals_finish(&totals);
}

static void without_samples_only_slow_calls_are_known(void)
{
    struct dp_totals totals = {0};
    struct dp_latency latency;

    made();
    watch_all(&totals, 100 * MS, 0);
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.of == DP_LATENCY_OF_SLOW_ONLY);
    CHECK(latency.percentile[DP_P50].certainty == DP_UNKNOWN);
    CHECK(latency.category[DP_FAST].calls.certainty == DP_UNKNOWN);
    CHECK(latency.category[DP_SLOW].calls.certainty == DP_UNKNOWN);
    CHECK(latency.category[DP_CRITICAL].calls.low <= calls_in(500 * MS, UINT64_MAX));
    CHECK(latency.category[DP_CRITICAL].calls.high >= calls_in(500 * MS, UINT64_MAX));
    CHECK(isnan(latency.category[DP_CRITICAL].share));
    dp_totals_finish(&totals);
}

/* The tick came late: of some calls only wide bounds are known. */
static void calls_with_wide_bounds_may_be_critical(void)
{
    struct dp_totals totals = {0};
    struct dp_latency latency;

    made();
    watch_all(&totals, 100 * MS, MS);
    dp_latency_make(&latency, &totals, &dp_default_categories);
    double before = latency.category[DP_CRITICAL].calls.high;
    for (int i = 0; i < 3; i++) {
        totals.sum.maybe_slow++;
        totals.sum.maybe_slow_least_ns += 90 * MS;
        totals.sum.maybe_slow_most_ns += 600 * MS;
    }
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.category[DP_CRITICAL].calls.high >= before + 3);
    CHECK(latency.category[DP_CRITICAL].calls.high <= before + 4);
    dp_totals_finish(&totals);
}

static void one_call_is_not_more_than_it_is(void)
{
    struct dp_totals totals = {0};
    struct dp_latency latency;

    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.of == DP_LATENCY_OF_NONE && latency.percentile[DP_P50].certainty == DP_UNKNOWN);
    sample(&totals, 70 * MS, 1);
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.percentile[DP_P50].value == 70e6 && latency.percentile[DP_P999].high == 70e6);
    CHECK(latency.category[DP_SLOW].calls.value == 1 && latency.category[DP_SLOW].share == 1);
    CHECK(latency.category[DP_SLOW].calls.certainty == DP_EXACT && isnan(latency.deviation_ns));
    CHECK(latency.category[DP_FAST].calls.high == 0);
    dp_totals_finish(&totals);
    sample(&totals, 70 * MS, 0.01); /* of a hundred calls more is not known */
    dp_latency_make(&latency, &totals, &dp_default_categories);
    CHECK(latency.percentile[DP_P50].certainty == DP_ROUGH);
    CHECK(latency.category[DP_CRITICAL].calls.high > 100);
    dp_totals_finish(&totals);
}

static void limits_are_read(void)
{
    struct dp_category_limits limits = {{1, 2, 3}};

    CHECK(dp_category_limits_parse("50us,1ms,2s", &limits));
    CHECK(limits.from_ns[0] == 50000 && limits.from_ns[2] == 2000 * MS);
    CHECK(!dp_category_limits_parse("50ms,100ms", &limits));
    CHECK(!dp_category_limits_parse("50ms,100ms,500ms,1s", &limits));
    CHECK(!dp_category_limits_parse("50ms,50ms,500ms", &limits));
    CHECK(!dp_category_limits_parse("0,50ms,500ms", &limits));
    CHECK(!dp_category_limits_parse("a,b,c", &limits) && !dp_category_limits_parse("", &limits));
    CHECK(limits.from_ns[0] == 50000);
}

int main(void)
{
    of_every_call_they_are_within_one_percent();
    bounds_of_samples_hold(0.05, 0, DP_LATENCY_OF_SAMPLES);
    bounds_of_samples_hold(0.005, 0, DP_LATENCY_OF_SAMPLES);
    bounds_of_samples_hold(0.01, 100 * MS, DP_LATENCY_OF_WATCHED);
    slow_calls_make_the_high_percentiles_exact();
    without_samples_only_slow_calls_are_known();
    calls_with_wide_bounds_may_be_critical();
    one_call_is_not_more_than_it_is();
    limits_are_read();
    return 0;
}
