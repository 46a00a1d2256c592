/* Estimates, their intervals, percentiles and deviation, against values worked
 * out here from all the calls. */
#include "check.h"

#include <stdint.h>

#include "common/aggregate.h"

#include "model/total_time.h"

static uint64_t state = 12345;

/* Deterministic, uniform in [0, 1). */
static double uniform(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) / 9007199254740992.0;
}

static void add(struct dp_totals *totals, uint64_t ns, double rate)
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

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void quantiles_are_within_one_percent_of_the_exact_ones(void)
{
    enum { N = 20000 };
    static uint64_t values[N];
    struct dp_totals totals = {0};
    double mean = 0, squares = 0;

    for (int i = 0; i < N; i++) {
        /* Log-normal would be fine; powers over nine decades are harder. */
        values[i] = (uint64_t)pow(10, 9 * uniform());
        add(&totals, values[i], 1);
        mean += (double)values[i] / N;
    }
    qsort(values, N, sizeof *values, by_value);
    for (int i = 0; i < N; i++)
        squares += ((double)values[i] - mean) * ((double)values[i] - mean);
    const double q[] = {0.0001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
    for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
        uint64_t exact = values[(size_t)ceil(q[i] * N) - 1];
        CHECK_WITHIN_SHARE(dp_quantile_ns(&totals, q[i]), exact, 0.008);
    }
    CHECK_WITHIN_SHARE(dp_mean_ns(&totals), mean, 1e-9);
    CHECK_WITHIN_SHARE(dp_deviation_ns(&totals), sqrt(squares / (N - 1)), 0.01);
    CHECK(dp_quantile_ns(&totals, 0) == (double)values[0]);
    dp_totals_finish(&totals);
}

static void small_values_are_exact(void)
{
    struct dp_totals totals = {0};

    for (uint64_t ns = 0; ns < 128; ns++)
        add(&totals, ns, 1);
    CHECK(dp_quantile_ns(&totals, 0.5) == 63);
    CHECK(dp_quantile_ns(&totals, 0.25) == 31);
    CHECK(dp_quantile_ns(&totals, 1) == 127);
    dp_totals_finish(&totals);
}

static void blocks_add_up_to_the_same_as_values(void)
{
    struct dp_histogram whole = {0}, blocks = {0};
    uint32_t counters[DP_HISTOGRAM_BLOCKS][DP_HISTOGRAM_SUB] = {{0}};

    for (int i = 0; i < 5000; i++) {
        uint64_t ns = (uint64_t)pow(2, 50 * uniform());
        uint32_t block = dp_histogram_block(ns);
        dp_histogram_add(&whole, ns);
        counters[block][dp_histogram_slot(ns, block)]++;
    }
    for (uint32_t b = 0; b < DP_HISTOGRAM_BLOCKS; b++)
        dp_histogram_add_block(&blocks, b, counters[b]);
    CHECK(blocks.count == whole.count);
    for (double q = 0; q <= 1; q += 0.01)
        CHECK(dp_histogram_quantile(&blocks, q) == dp_histogram_quantile(&whole, q));
    dp_histogram_finish(&whole);
    dp_histogram_finish(&blocks);
}

/* ---- durations of calls ---- */

static double normal(void)
{
    return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

static double mild(void)
{
    return 100 + 1000 * uniform();
}

static double exponential(void)
{
    return -1000 * log(1 - uniform());
}

static double lognormal(void)
{
    return 1000 * exp(1.2 * normal());
}

/* Its variance is infinite. */
static double pareto(void)
{
    return 1000 * pow(1 - uniform(), -1 / 1.5);
}

/* ---- intervals ---- */

/* Of samples of `n` calls on the average, chosen with the chance `rate`, over and over. */
struct trial {
    double (*duration)(void);
    double rate;
    int n;
    int rounds;
    double watched_ns; /* 0: no call is watched */
};

struct outcome {
    double mean_calls;     /* of the estimate, 1: the true number */
    double calls_held;     /* share of the rounds whose interval held the true number */
    double total_held;     /* the true time */
    double bounded;        /* whose interval of the time had an upper end */
    double width;          /* of those, its mean width, 1: the true time */
};

static void one_call(struct dp_totals *totals, const struct trial *trial, uint64_t ns)
{
    if (totals->watched_ns > 0 && (double)ns >= totals->watched_ns) {
        totals->sum.slow++;
        totals->sum.slow_total_ns += ns;
    }
    if (uniform() < trial->rate)
        add(totals, ns, trial->rate);
}

static struct outcome try_often(const struct trial *trial)
{
    struct outcome outcome = {0};
    const int calls = (int)(trial->n / trial->rate);
    double share = 1.0 / trial->rounds;

    for (int round = 0; round < trial->rounds; round++) {
        struct dp_totals totals = {.watched_ns = trial->watched_ns};
        double truth = 0;
        for (int i = 0; i < calls; i++) {
            uint64_t ns = (uint64_t)trial->duration();
            truth += (double)ns;
            one_call(&totals, trial, ns);
        }
        struct dp_estimate number = dp_estimate_calls(&totals), time = dp_estimate_total(&totals);
        bool bounded = time.certainty == DP_ESTIMATED;
        CHECK(bounded == !isinf(time.high) && time.low <= time.value && time.value <= time.high);
        outcome.mean_calls += share * number.value / calls;
        outcome.calls_held += share * (number.low <= calls && calls <= number.high);
        outcome.total_held += share * (time.low <= truth && truth <= time.high);
        outcome.bounded += share * bounded;
        outcome.width += bounded ? share * (time.high - time.low) / truth : 0;
        dp_totals_finish(&totals);
    }
    outcome.width /= outcome.bounded;
    return outcome;
}

static void check_trial(const struct trial *trial, double least_bounded)
{
    const struct outcome outcome = try_often(trial);

    if (getenv("DP_TEST_SHOW"))
        printf("rate %.2f n %4d watched %6.0f: calls %.3f total %.3f bounded %.2f width %.2f\n",
               trial->rate, trial->n, trial->watched_ns, outcome.calls_held, outcome.total_held,
               outcome.bounded, outcome.width);
    CHECK_WITHIN_SHARE(outcome.mean_calls, 1, 0.03);
    CHECK(outcome.calls_held > 0.93 && outcome.calls_held < 0.98);
    CHECK(outcome.total_held > 0.93);
    CHECK(outcome.bounded >= least_bounded);
}

/* 95 % is what they say. */
static void intervals_hold_as_often_as_they_say(void)
{
    check_trial(&(struct trial){mild, 0.05, 1000, 1000, 0}, 0.999);
    check_trial(&(struct trial){mild, 0.1, 30, 1000, 0}, 0.95);
    check_trial(&(struct trial){mild, 0.5, 200, 1000, 0}, 0.999);
    check_trial(&(struct trial){exponential, 0.1, 100, 1000, 0}, 0.95);
}

/* A few large durations are most of the sum, and most samples have none of them. */
static void intervals_hold_for_heavy_tails(void)
{
    check_trial(&(struct trial){lognormal, 0.1, 30, 1000, 0}, 0.4);
    check_trial(&(struct trial){lognormal, 0.1, 300, 1000, 0}, 0.95);
    check_trial(&(struct trial){lognormal, 0.5, 300, 1000, 0}, 0.95);
    check_trial(&(struct trial){pareto, 0.1, 30, 2000, 0}, 0.4);
    check_trial(&(struct trial){pareto, 0.1, 300, 2000, 0}, 0.8);
    check_trial(&(struct trial){pareto, 0.5, 300, 1000, 0}, 0.8);
}

/* Every call over the threshold is known: these have no sampling error. */
static void watched_calls_make_intervals_narrow(void)
{
    struct trial trial = {pareto, 0.1, 300, 1000, 0};
    const struct outcome unwatched = try_often(&trial);

    trial.watched_ns = 20000;
    const struct outcome watched = try_often(&trial);
    if (getenv("DP_TEST_SHOW"))
        printf("watched: total %.3f bounded %.2f width %.2f, unwatched %.2f\n",
               watched.total_held, watched.bounded, watched.width, unwatched.width);
    CHECK(watched.total_held > 0.93 && watched.bounded > 0.999);
    CHECK(watched.width < unwatched.width / 2);
    trial.duration = lognormal;
    check_trial(&trial, 0.99);
}

static void few_samples_have_no_interval(void)
{
    struct dp_totals totals = {0};

    add(&totals, 5000, 0.001);
    struct dp_estimate total = dp_estimate_total(&totals);
    CHECK(total.certainty == DP_ROUGH && isinf(total.high));
    CHECK_WITHIN_SHARE(total.value, 5000000, 1e-4);
    CHECK(total.low == 5000);
    /* The possible maximum bounds it, unless the known part exceeds that. */
    CHECK(dp_estimate_within(total, 1e6).value == 1e6);
    CHECK(dp_estimate_within(total, 1e6).high == 1e6 && dp_estimate_within(total, 1e6).low == 5000);
    CHECK(isinf(dp_estimate_within(total, 4999).high));
    dp_totals_finish(&totals);
}

/* Under load from some moment on: half of the chosen calls are not opened. */
static void calls_refused_under_load_are_in_the_interval(void)
{
    enum { ROUNDS = 1000, N = 20000 };
    const double rate = 0.05;
    int inside = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct dp_totals totals = {0};
        for (int i = 0; i < N; i++) {
            if (uniform() >= rate)
                continue;
            if (i < N / 2)
                add(&totals, 100, rate);
            else
                totals.sum.gated++;
        }
        struct dp_estimate calls = dp_estimate_calls(&totals);
        inside += calls.low <= N && N <= calls.high;
        /* Of their time only that of the others is known. */
        struct dp_estimate total = dp_estimate_total(&totals);
        CHECK(isinf(total.high) && total.low < N * 100 && total.certainty == DP_AT_LEAST);
        dp_totals_finish(&totals);
    }
    CHECK(inside > 920 && inside < 980);
}

/* A hundred calls at a rate of 1e-9 stand for 1e11, with a deviation of 1e10. */
static void rare_samples_have_wide_intervals(void)
{
    struct dp_totals totals = {0};
    const double two_64 = 18446744073709551616.0, variance = DP_WEIGHT_UNIT * (1e18 - 1e9);
    const struct dp_site_stats one = {.sampled = 1,
                                      .estimated = (uint64_t)(DP_WEIGHT_UNIT * 1e9),
                                      .variance = (uint64_t)fmod(variance, two_64),
                                      .variance_high = (uint64_t)(variance / two_64)};

    for (int i = 0; i < 100; i++)
        dp_totals_add(&totals, &one);
    CHECK_WITHIN_SHARE(dp_estimate_calls(&totals).value, 1e11, 1e-9);
    CHECK_WITHIN_SHARE(dp_estimate_calls(&totals).high, 1.2161e11, 1e-4);
    dp_totals_finish(&totals);
}

static void what_is_certain_has_no_interval(void)
{
    struct dp_totals totals = {0};

    for (int i = 0; i < 10; i++)
        add(&totals, 500, 1);
    CHECK(dp_estimate_calls(&totals).certainty == DP_EXACT);
    CHECK(dp_estimate_calls(&totals).value == 10);
    CHECK(dp_estimate_total(&totals).value == 5000);
    dp_totals_finish(&totals);

    /* Always-open sites count calls that were not all timed. */
    totals = (struct dp_totals){.sum = {.calls = 1000, .sampled = 10, .estimated = DP_WEIGHT_UNIT * 1000}};
    CHECK(dp_estimate_calls(&totals).certainty == DP_EXACT);
    CHECK(dp_estimate_calls(&totals).value == 1000);

    /* Some of them refused by the load gate: their time is not known. */
    totals = (struct dp_totals){
        .sum = {.calls = 1000, .sampled = 10, .gated = 990, .estimated = DP_WEIGHT_UNIT * 10, .total_ns = 70}};
    CHECK(dp_estimate_calls(&totals).certainty == DP_EXACT && dp_estimate_calls(&totals).value == 1000);
    CHECK(dp_estimate_total(&totals).value == 70 && isinf(dp_estimate_total(&totals).high));

    totals = (struct dp_totals){.counted = 7, .has_counted = true};
    CHECK(dp_estimate_calls(&totals).certainty == DP_EXACT);
    CHECK(dp_estimate_calls(&totals).value == 7);
}

static void what_is_not_known_is_not_zero(void)
{
    struct dp_totals totals = {.sum = {.gated = 7}};

    /* Chosen, and refused by the load gate: so often it was called, and nothing else. */
    CHECK(dp_estimate_calls(&totals).value == 7);
    CHECK(dp_estimate_calls(&totals).certainty == DP_AT_LEAST);
    CHECK(dp_estimate_total(&totals).certainty == DP_UNKNOWN);
    CHECK(isnan(dp_estimate_total(&totals).value));
    totals.sum.gated = 0;
    CHECK(dp_estimate_calls(&totals).certainty == DP_UNKNOWN);
}

static void without_samples_only_a_lower_bound_is_known(void)
{
    struct dp_totals totals = {.sum = {.slow = 3, .slow_total_ns = 900}};

    CHECK(dp_estimate_calls(&totals).value == 3);
    CHECK(isinf(dp_estimate_calls(&totals).high));
    CHECK(dp_estimate_total(&totals).value == 900);
    CHECK(dp_mean_ns(&totals) == 0);
    CHECK(isnan(dp_deviation_ns(&totals)));
    CHECK(dp_quantile_ns(&totals, 0.5) == 0);
}

static void lanes_add_up(void)
{
    struct dp_totals totals = {0};
    const struct dp_site_stats a = {.sampled = 2, .min_ns = 5, .max_ns = 9, .total_ns = 14,
                                    .memory_calls = 1, .peak_bytes = -3};
    const struct dp_site_stats none = {.calls = 4};
    const struct dp_site_stats b = {.sampled = 1, .min_ns = 7, .max_ns = 7, .total_ns = 7,
                                    .memory_calls = 1, .peak_bytes = -8};

    dp_totals_add(&totals, &none);
    dp_totals_add(&totals, &a);
    dp_totals_add(&totals, &none);
    dp_totals_add(&totals, &b);
    CHECK(totals.sum.min_ns == 5 && totals.sum.max_ns == 9);
    CHECK(totals.sum.sampled == 3 && totals.sum.total_ns == 21 && totals.sum.calls == 8);
    CHECK(totals.sum.peak_bytes == -3);
    dp_totals_finish(&totals);
}

int main(void)
{
    quantiles_are_within_one_percent_of_the_exact_ones();
    small_values_are_exact();
    blocks_add_up_to_the_same_as_values();
    intervals_hold_as_often_as_they_say();
    intervals_hold_for_heavy_tails();
    watched_calls_make_intervals_narrow();
    few_samples_have_no_interval();
    calls_refused_under_load_are_in_the_interval();
    rare_samples_have_wide_intervals();
    what_is_certain_has_no_interval();
    what_is_not_known_is_not_zero();
    without_samples_only_a_lower_bound_is_known();
    lanes_add_up();
    return 0;
}
