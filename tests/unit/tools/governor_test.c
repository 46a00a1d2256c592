/* Estimates for functions whose gates worked in a share of the time (model/governor.h), against
 * all the calls that were made up here. */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "model/governor.h"
#include "model/total_time.h"

#define WINDOWS 4000
#define WINDOW_NS UINT64_C(4000000)
#define RUNS 400

static uint64_t state = 54321;

/* Deterministic, uniform in [0, 1). */
static double uniform(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) / 9007199254740992.0;
}

static void add_call(struct dp_totals *totals, uint64_t ns, double share)
{
    const uint64_t copies = (uint64_t)(1 / share);
    const struct dp_site_stats one = {
        .sampled = 1,
        .estimated = (uint64_t)(DP_WEIGHT_UNIT / share),
        .variance = (uint64_t)(DP_WEIGHT_UNIT * (1 - share) / share / share),
        .more_copies = copies - 1,
        .total_ns = ns * copies,
        .min_ns = ns,
        .max_ns = ns};

    dp_totals_add(totals, &one);
    for (uint64_t i = 0; i < copies; i++)
        dp_histogram_add(&totals->histogram, ns);
}

/* A run of WINDOWS windows, a quarter of which make `burst` calls. The share is halved after a
 * half of the run, as the governor may. Returns the number of calls that were made. */
static double run(struct dp_governor *governor, struct dp_totals *totals, int burst)
{
    struct dp_event_governed event = {.site = 1, .share_log2 = 5};
    double variance = 0, made = 0;
    struct dp_record record = {.id = DP_EVENT_ID_governed, .payload = (const uint8_t *)&event};

    for (int w = 0; w < WINDOWS; w++) {
        double share = w < WINDOWS / 2 ? 1 / 16.0 : 1 / 32.0;
        int calls = uniform() < 0.25 ? burst : 0;
        bool works = uniform() < share;
        made += calls;
        event.throttled_ns += WINDOW_NS;
        if (!works)
            continue;
        for (int i = 0; i < calls; i++)
            add_call(totals, w < WINDOWS / 2 ? 1000 : 3000, share);
        event.worked_ns += WINDOW_NS;
        event.windows++;
        event.active += calls > 0;
        event.peak_calls = calls ? (uint64_t)(calls * 1e9 / WINDOW_NS) : event.peak_calls;
        variance += (1 - share) * (calls / share) * (calls / share);
    }
    event.deviation_calls = (uint64_t)sqrt(variance);
    dp_governor_read(governor, &record);
    dp_governor_settle(governor, 1, totals);
    return made;
}

static void the_calls_of_a_window_are_seen_together(void)
{
    double estimates = 0, all = 0, total_ns = 0, exact_ns = 0;
    int inside = 0;

    for (int i = 0; i < RUNS; i++) {
        struct dp_governor governor = {0};
        struct dp_totals totals = {0};
        double made = run(&governor, &totals, 50);
        struct dp_estimate calls = dp_estimate_calls(&totals);
        CHECK(calls.certainty == DP_ESTIMATED);
        estimates += calls.value;
        all += made;
        inside += calls.low <= made && made <= calls.high;
        total_ns += dp_estimate_total(&totals).value;
        exact_ns += made * 2000; /* a half at 1000, a half at 3000 */
        dp_totals_finish(&totals);
        dp_governor_finish(&governor);
    }
    CHECK_WITHIN_SHARE(estimates, all, 0.05); /* of the mean of RUNS runs: 5 deviations */
    CHECK_WITHIN_SHARE(total_ns, exact_ns, 0.06); /* as if the share had been the same */
    CHECK(inside > RUNS * 0.93);
}

static void what_was_hardly_seen_is_not_estimated(void)
{
    struct dp_event_governed event = {.site = 1, .share_log2 = 12, .windows = 30, .active = 2};
    struct dp_record record = {.id = DP_EVENT_ID_governed, .payload = (const uint8_t *)&event};
    struct dp_governor governor = {0};
    struct dp_totals totals = {0};

    for (int i = 0; i < 10; i++)
        add_call(&totals, 1000, 1 / 4096.0);
    dp_governor_read(&governor, &record);
    dp_governor_settle(&governor, 1, &totals);
    struct dp_estimate calls = dp_estimate_calls(&totals), time = dp_estimate_total(&totals);
    CHECK(calls.certainty == DP_AT_LEAST && calls.low == 10);
    CHECK(time.certainty == DP_AT_LEAST && time.low == 1000);
    dp_totals_finish(&totals);
    dp_governor_finish(&governor);
}

/* Counted exactly until it was throttled; since then the gate counts its share. */
static void counts_are_exact_and_estimated(void)
{
    struct dp_event_governed event = {.site = 1, .share_log2 = 3, .windows = 30, .active = 20};
    struct dp_record record = {.id = DP_EVENT_ID_governed, .payload = (const uint8_t *)&event};
    struct dp_site_stats seen = {.calls = 100, .estimated = 800 * DP_WEIGHT_UNIT};
    struct dp_governor governor = {0};
    struct dp_totals totals = {.has_counted = true, .counted = 5000};

    dp_totals_add(&totals, &seen);
    CHECK(dp_estimate_calls(&totals).certainty == DP_EXACT);
    dp_governor_read(&governor, &record);
    dp_governor_settle(&governor, 1, &totals);
    struct dp_estimate calls = dp_estimate_calls(&totals);
    CHECK(calls.certainty == DP_ESTIMATED && calls.value == 5800);
    CHECK(calls.low >= 5100 && calls.high >= 5800);
    dp_governor_finish(&governor);
}

static void records_that_lie(void)
{
    struct dp_event_governed event = {.site = UINT32_MAX, .share_log2 = 200};
    struct dp_record record = {.id = DP_EVENT_ID_governed, .payload = (const uint8_t *)&event};
    struct dp_governor governor = {0};

    dp_governor_read(&governor, &record);
    event.site = 7;
    dp_governor_read(&governor, &record);
    CHECK(governor.n == 0 && !dp_governor_site(&governor, 7));
    dp_governor_finish(&governor);
}

int main(void)
{
    the_calls_of_a_window_are_seen_together();
    what_was_hardly_seen_is_not_estimated();
    counts_are_exact_and_estimated();
    records_that_lie();
    return 0;
}
