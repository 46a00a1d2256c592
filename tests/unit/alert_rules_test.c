/* What makes an alert of values that change, and what growth without end is. */
#include <string.h>

#include "check.h"
#include "common/alert_rules.h"
#include "common/events.h"
#include "common/growth.h"

#define SECOND UINT64_C(1000000000)
#define MB 1e6

static struct dp_alert_watch watch;
static uint64_t now_ns;

static void begin(void)
{
    watch = (struct dp_alert_watch){0};
    now_ns = 100 * SECOND;
}

/* A value in percent that was there for a second. */
static enum dp_alert_step cpu(unsigned percent)
{
    now_ns += SECOND;
    return dp_alert_look(&watch, DP_RULE_CPU, now_ns, SECOND, percent * UINT64_C(10000));
}

static void a_limit_must_be_broken_for_a_while(void)
{
    begin();
    for (int i = 0; i < 20; i++) { /* two seconds of three */
        CHECK(cpu(90) == DP_STEP_NONE && cpu(90) == DP_STEP_NONE);
        CHECK(cpu(79) == DP_STEP_NONE);
    }
    CHECK(watch.incidents == 0);
    CHECK(cpu(81) == DP_STEP_NONE && cpu(81) == DP_STEP_NONE);
    CHECK(cpu(81) == DP_STEP_RAISED);
    CHECK(watch.first_ns == now_ns - 3 * SECOND && watch.last_ns == now_ns);
    CHECK(watch.severity == DP_SEVERITY_WARNING);
}

/* Around the limit, an alert does not come and go. */
static void an_alert_lasts_until_it_is_well_below_for_longer(void)
{
    begin();
    for (int i = 0; i < 3; i++)
        cpu(85);
    CHECK(watch.raised && watch.incidents == 1);
    for (int i = 0; i < 50; i++)
        CHECK(cpu(i % 2 ? 71 : 85) == DP_STEP_NONE);
    for (int i = 0; i < 10; i++) /* below for three seconds at a time */
        CHECK(cpu(i % 4 ? 10 : 75) == DP_STEP_NONE);
    cpu(75);
    for (int i = 0; i < 4; i++)
        CHECK(cpu(10) == DP_STEP_NONE);
    CHECK(cpu(10) == DP_STEP_OVER && !watch.raised);
    for (int i = 0; i < 10; i++)
        CHECK(cpu(10) == DP_STEP_NONE);
    CHECK(cpu(90) == DP_STEP_NONE && cpu(90) == DP_STEP_NONE && cpu(90) == DP_STEP_RAISED);
    CHECK(watch.incidents == 2);
}

static void it_becomes_worse_once(void)
{
    begin();
    for (int i = 0; i < 3; i++)
        cpu(85);
    CHECK(cpu(99) == DP_STEP_WORSE && watch.severity == DP_SEVERITY_CRITICAL);
    CHECK(cpu(85) == DP_STEP_NONE && cpu(99) == DP_STEP_NONE);
    CHECK(watch.severity == DP_SEVERITY_CRITICAL && watch.most == 990000);
    begin();
    CHECK(cpu(99) == DP_STEP_NONE && cpu(99) == DP_STEP_NONE && cpu(99) == DP_STEP_RAISED);
    CHECK(watch.severity == DP_SEVERITY_CRITICAL);
}

/* One long interval, of a steward that did not run, is as long as it was. */
static void intervals_may_be_long(void)
{
    begin();
    now_ns += 10 * SECOND;
    CHECK(dp_alert_look(&watch, DP_RULE_CPU, now_ns, 10 * SECOND, 900000) == DP_STEP_RAISED);
    CHECK(watch.first_ns == now_ns - 10 * SECOND);
}

static void the_trend(void)
{
    begin();
    for (int i = 0; i < 20; i++)
        cpu(50);
    CHECK(dp_alert_trend(&watch) == DP_TREND_STEADY);
    cpu(90);
    cpu(95);
    CHECK(dp_alert_trend(&watch) == DP_TREND_RISING);
    for (int i = 0; i < 40; i++)
        cpu(95);
    CHECK(dp_alert_trend(&watch) == DP_TREND_STEADY);
    cpu(20);
    CHECK(dp_alert_trend(&watch) == DP_TREND_FALLING);
}

static void the_words(void)
{
    char buffer[256];
    struct dp_text out = {buffer, sizeof buffer - 1, 0};
    dp_alert_message(&out, DP_RULE_THREADS, 12000);
    buffer[out.length] = 0;
    CHECK_TEXT(buffer, "threads created: 12000 a minute, limit 10000 a minute");
    out.length = 0;
    dp_alert_value(&out, DP_ALERT_PPM, 912345);
    dp_alert_value(&out, DP_ALERT_NS, 500 * 1000000u);
    buffer[out.length] = 0;
    CHECK_TEXT(buffer, "91.2 %500.0 ms");
    CHECK(dp_alert_symptoms(DP_RULE_LOCK) & 1u << DP_RULE_LATENCY);
    CHECK(!(dp_alert_symptoms(DP_RULE_LATENCY) & 1u << DP_RULE_LOCK));
}

/* Each limit is above the one at which an alert ends, and below the critical one. */
static void the_table(void)
{
    for (int i = 0; i < DP_RULE_COUNT; i++) {
        const struct dp_alert_rule *rule = &dp_alert_rules[i];
        CHECK(rule->end <= rule->limit && rule->limit < rule->critical && rule->what[0] &&
              rule->advice[0], "%s", dp_trouble_name((uint32_t)i));
        CHECK(!(dp_alert_symptoms((enum dp_trouble)i) & 1u << i));
    }
}

static uint64_t growth_of(const double *values, int n)
{
    struct dp_growth growth = {0};
    for (int i = 0; i < n; i++)
        dp_growth_add(&growth, (uint64_t)(i + 1) * SECOND, SECOND, values[i]);
    return dp_growth_judge(&growth, 8 * SECOND, 1 * MB);
}

static void growth(void)
{
    enum { N = 200 };
    double values[N];
    for (int i = 0; i < N; i++)
        values[i] = 100 * MB;
    CHECK(growth_of(values, N) == 0);
    for (int i = 0; i < N; i++)
        values[i] = 100 * MB + i * MB; /* first half 150 MB, second 250 */
    CHECK(growth_of(values, 7) == 0); /* too early */
    CHECK_WITHIN_SHARE(growth_of(values, N), 666000, 0.05);
    for (int i = 0; i < N; i++)
        values[i] = 100 + i; /* the same in bytes */
    CHECK(growth_of(values, N) == 0);
    for (int i = 0; i < N; i++) /* fills up, then stays */
        values[i] = 100 * MB + (i < N / 3 ? i : N / 3) * 10 * MB;
    CHECK(growth_of(values, N) == 0);
    for (int i = 0; i < N; i++) /* goes up and down */
        values[i] = 100 * MB + (i % 20) * 10 * MB;
    CHECK(growth_of(values, N) == 0);
    double left = 1; /* slower and slower: a cache */
    for (int i = 0; i < N; i++, left *= 0.98)
        values[i] = 100 * MB + (1 - left) * 1000 * MB;
    CHECK(growth_of(values, N) == 0);
    for (int i = 0; i < N; i++) /* a leak under a load that comes and goes */
        values[i] = 100 * MB + i * MB + (i % 7) * 5 * MB;
    CHECK(growth_of(values, N) > 200000);
    for (int i = 0; i < N; i++) /* falls */
        values[i] = 500 * MB - i * MB;
    CHECK(growth_of(values, N) == 0);
}

int main(void)
{
    a_limit_must_be_broken_for_a_while();
    an_alert_lasts_until_it_is_well_below_for_longer();
    it_becomes_worse_once();
    intervals_may_be_long();
    the_trend();
    the_words();
    the_table();
    growth();
    return 0;
}
