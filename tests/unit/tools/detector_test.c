/* Which alerts a report has: of the runtime's records, and by the whole log. */
#include <math.h>

#include "common/alert_rules.h"
#include "model/detector.h"
#include "report_by_hand.h"

static void read_alert(uint64_t after_s, enum dp_trouble rule, enum dp_alert_state state,
                       uint64_t value, uint64_t incidents, uint64_t lasted_s, uint32_t symptoms)
{
    struct dp_event_alert event = {.rule = rule,
                                   .alert_state = state,
                                   .value = value,
                                   .most = value,
                                   .limit = dp_alert_rules[rule].limit,
                                   .incidents = incidents,
                                   .symptoms = symptoms,
                                   .lasted_ns = lasted_s * SECOND};
    const struct dp_record record = {.id = DP_EVENT_ID_alert,
                                     .time_ns = START + after_s * SECOND,
                                     .payload = (const uint8_t *)&event,
                                     .payload_bytes = sizeof event};
    dp_alert_records_read(&profile.alert_records, &record);
}

static void a_report_without_trouble(void)
{
    begin();
    make(20);
    CHECK(report.alerts.n == 0);
    end();
}

static void incidents_of_one_rule_are_one_alert(void)
{
    begin();
    read_alert(4, DP_RULE_CPU, DP_ALERT_RAISED, 900000, 1, 3, 0);
    read_alert(5, DP_RULE_CPU, DP_ALERT_OVER, 500000, 1, 4, 0);
    read_alert(9, DP_RULE_CPU, DP_ALERT_RAISED, 850000, 2, 1, 1u << DP_RULE_QUEUE);
    read_alert(9, (enum dp_trouble)77, DP_ALERT_RAISED, 1, 1, 1, 0); /* of a later version */
    make(20);
    CHECK(report.alerts.n == 1);
    const struct dp_alert *alert = &report.alerts.alerts[0];
    CHECK(alert->rule == DP_RULE_CPU && alert->incidents == 2 && !alert->over);
    CHECK(alert->first_ns == START + SECOND && alert->last_ns == START + 9 * SECOND);
    CHECK_WITHIN(alert->value, 0.9, 1e-9);
    CHECK(alert->symptoms == 1u << DP_RULE_QUEUE);
    end();
}

static void timed(uint32_t site, unsigned calls, uint64_t ns)
{
    struct dp_totals *totals = dp_profile_totals(&profile, site);
    totals->sum.sampled += calls;
    totals->sum.estimated += calls * (uint64_t)DP_WEIGHT_UNIT;
    totals->sum.total_ns += calls * ns;
    totals->sum.min_ns = totals->sum.min_ns && totals->sum.min_ns < ns ? totals->sum.min_ns : ns;
    totals->sum.max_ns = totals->sum.max_ns > ns ? totals->sum.max_ns : ns;
    for (unsigned i = 0; i < calls; i++)
        dp_histogram_add(&totals->histogram, ns);
}

/* Several functions that are slow are one alert, the worst first. */
static void the_tail_of_latencies(void)
{
    begin();
    for (uint32_t site = 1; site <= 4; site++)
        name_site(site, (const char *[]){"", "fast", "rare", "slow", "slower"}[site]);
    timed(1, 1000, SECOND / 10);
    timed(2, 5, SECOND); /* too few for a p99 */
    timed(3, 100, SECOND);
    timed(4, 100, 3 * SECOND);
    make(20);
    CHECK(report.alerts.n == 1);
    const struct dp_alert *alert = &report.alerts.alerts[0];
    CHECK(alert->rule == DP_RULE_LATENCY && alert->severity == DP_SEVERITY_CRITICAL);
    CHECK(alert->n_places == 2);
    CHECK_TEXT(alert->places[0].function, "slower");
    CHECK_TEXT(alert->places[1].function, "slow");
    CHECK_WITHIN_SHARE(alert->value, 3e9, 0.01);
    end();
    begin();
    name_site(1, "edge");
    timed(1, 1000, SECOND / 10);
    timed(1, 5, SECOND); /* five in a thousand */
    make(20);
    CHECK(report.alerts.n == 0);
    end();
}

/* While the processors are used up, slow calls are no alert of their own. */
static void correlated_causes_are_one_alert(void)
{
    begin();
    name_site(1, "slow");
    timed(1, 100, SECOND);
    read_alert(4, DP_RULE_CPU, DP_ALERT_RAISED, 990000, 1, 3, 0);
    make(20);
    CHECK(report.alerts.n == 1);
    CHECK(report.alerts.alerts[0].rule == DP_RULE_CPU);
    CHECK(report.alerts.alerts[0].symptoms == 1u << DP_RULE_LATENCY);
    end();
}

static void one_call(uint64_t after_ms, uint64_t duration_ns)
{
    const struct dp_event_call_wide event = {.site = 1, .duration_ns = duration_ns};
    const struct dp_record record = {.id = DP_EVENT_ID_call_wide,
                                     .time_ns = START + after_ms * 1000000,
                                     .payload = (const uint8_t *)&event,
                                     .payload_bytes = sizeof event};
    dp_history_read(&profile.history, &record);
}

/* Calls every 10 ms over `seconds`; of the last quarter from `late` on, others. */
static bool departs(uint64_t before_ns, uint64_t now_ns, unsigned noise)
{
    for (unsigned ms = 0; ms < 20000; ms += 10)
        one_call(ms, (ms < 14000 ? before_ns : now_ns) + (ms * 7919u) % (noise + 1));
    make(20);
    bool found = dp_alert_find(&report.alerts, DP_RULE_HISTORY) != NULL;
    return found;
}

static void a_function_departs_from_its_own_history(void)
{
    begin();
    name_site(1, "query");
    CHECK(departs(1000000, 5000000, 500000));
    const struct dp_alert *alert = dp_alert_find(&report.alerts, DP_RULE_HISTORY);
    CHECK(alert->n_places == 1 && alert->value > 3 && alert->value < 6);
    CHECK(alert->first_ns > START + 12 * SECOND && alert->first_ns < START + 17 * SECOND);
    end();
    static const struct {
        uint64_t before_ns, now_ns;
        unsigned noise;
    } silent[] = {
        {1000000, 1000000, 500000},
        {1000000, 1500000, 500000}, /* half as long again */
        {1000000, 200000, 1000},    /* faster */
        {100, 2000, 10},            /* too short to tell */
    };
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        begin();
        name_site(1, "query");
        CHECK(!departs(silent[i].before_ns, silent[i].now_ns, silent[i].noise), "row %zu", i);
        end();
    }
}

/* A burst of slow calls that passes, or that has been there before, is no departure. */
static void what_comes_and_goes_is_no_departure(void)
{
    begin();
    name_site(1, "query");
    for (unsigned ms = 0; ms < 20000; ms += 10)
        one_call(ms, ms / 3000 % 2 ? 5000000 : 1000000);
    make(20);
    CHECK(report.alerts.n == 0);
    end();
}

int main(void)
{
    a_report_without_trouble();
    incidents_of_one_rule_are_one_alert();
    the_tail_of_latencies();
    correlated_causes_are_one_alert();
    a_function_departs_from_its_own_history();
    what_comes_and_goes_is_no_departure();
    return 0;
}
