/* See alerts_json.h. */
#include "alerts_json.h"

#include <math.h>

#include "common/alert_rules.h"
#include "common/events.h"

static int digits(const struct dp_alert *alert)
{
    return dp_alert_rules[alert->rule].unit == DP_ALERT_PPM ? 6 : 0;
}

static void put_places(struct dp_json *one, const struct dp_alert *alert)
{
    struct dp_json *array = dp_json_put_array(one, "functions");

    for (size_t i = 0; i < alert->n_places; i++) {
        const struct dp_alert_place *place = &alert->places[i];
        struct dp_json *object = dp_json_add_object(array);
        dp_json_put_text(object, "function", place->function);
        dp_json_put_text(object, "file", place->info ? place->info->file : NULL);
        dp_json_put_number(object, "value", place->value, digits(alert));
    }
    dp_json_put_u64(one, "more_functions", alert->more_places);
}

static void put_lock(struct dp_json *one, const struct dp_alert *alert)
{
    dp_json_put_u64(one, "calls", alert->calls);
    dp_json_put_number(one, "waited_ns", alert->part_ns, 0);
    dp_json_put_number(one, "of_ns", alert->of_ns, 0);
    dp_json_put_text(one, "object", *alert->object ? alert->object : NULL);
    dp_json_put_text(one, "holder", *alert->holder ? alert->holder : NULL);
    dp_json_put_text(one, "holder_function",
                     *alert->holder_function ? alert->holder_function : NULL);
}

static void put_symptoms(struct dp_json *one, const struct dp_alert *alert)
{
    struct dp_json *array = dp_json_put_array(one, "symptoms");

    for (uint32_t rule = 0; rule < DP_RULE_COUNT; rule++)
        if (alert->symptoms >> rule & 1)
            dp_json_put_text(dp_json_add_object(array), "rule", dp_trouble_name(rule));
}

static void put_alert(struct dp_json *one, const struct dp_alert *alert, uint64_t to_unix_ns)
{
    dp_json_put_text(one, "rule", dp_trouble_name(alert->rule));
    dp_json_put_text(one, "severity", dp_severity_name(alert->severity));
    dp_json_put_text(one, "message", dp_alert_rules[alert->rule].what);
    dp_json_put_text(one, "unit", dp_alert_rules[alert->rule].unit == DP_ALERT_PPM
                                      ? "share"
                                      : dp_alert_unit_name(dp_alert_rules[alert->rule].unit));
    dp_json_put_number(one, "value", alert->value, digits(alert));
    dp_json_put_number(one, "limit", alert->limit, digits(alert));
    if (alert->first_ns > 0)
        dp_json_put_u64(one, "first_unix_ns", alert->first_ns + to_unix_ns);
    if (alert->last_ns > 0)
        dp_json_put_u64(one, "last_unix_ns", alert->last_ns + to_unix_ns);
    dp_json_put_u64(one, "incidents", alert->incidents);
    dp_json_put_bool(one, "over", alert->over);
    dp_json_put_text(one, "trend", dp_trend_name(alert->trend));
    dp_json_put_text(one, "recommendation", dp_alert_rules[alert->rule].advice);
    if (alert->rule == DP_RULE_LOCK)
        put_lock(one, alert);
    if (alert->rule == DP_RULE_HISTORY) {
        dp_json_put_number(one, "before_ns", alert->before_ns, 0);
        dp_json_put_number(one, "now_ns", alert->now_ns, 0);
    }
    put_places(one, alert);
    put_symptoms(one, alert);
}

void dp_json_put_alerts(struct dp_json *object, const struct dp_alerts *alerts, uint64_t to_unix_ns)
{
    struct dp_json *array = dp_json_put_array(object, "alerts");

    for (size_t i = 0; i < alerts->n; i++)
        put_alert(dp_json_add_object(array), &alerts->alerts[i], to_unix_ns);
}
