/* See alert_rules.h. */
#include "alert_rules.h"

#define PPM DP_ALERT_PPM
#define PER_MINUTE DP_ALERT_PER_MINUTE
#define NS DP_ALERT_NS
#define MILLION UINT64_C(1000000)

const struct dp_alert_rule dp_alert_rules[DP_RULE_COUNT] = {
#define DP_RULE(id, name, in, at, worse, over, hold_ms, of, advise) \
    [DP_RULE_##id] = {.unit = (in),                                 \
                      .limit = (at),                                \
                      .critical = (worse),                          \
                      .end = (over),                                \
                      .hold_ns = (hold_ms)*MILLION,                 \
                      .what = (of),                                 \
                      .advice = (advise)},
#include "deep_profile/alerts.def"
};

static void begin_incident(struct dp_alert_watch *watch, uint64_t value)
{
    watch->raised = true;
    watch->incidents++;
    watch->first_ns = watch->since_ns;
    watch->most = value;
    watch->severity = DP_SEVERITY_WARNING;
}

/* For how long the value has been on one side; the interval before the first look counts. */
static uint64_t held(bool *is, bool now_is, struct dp_alert_watch *watch, uint64_t now_ns,
                     uint64_t interval_ns)
{
    if (now_is && !*is)
        watch->since_ns = now_ns > interval_ns ? now_ns - interval_ns : 0;
    *is = now_is;
    return now_is ? now_ns - watch->since_ns : 0;
}

static void remember(struct dp_alert_watch *watch, uint64_t value)
{
    bool first = watch->fast == 0 && watch->slow == 0;
    watch->value = value;
    watch->fast = first ? (double)value : watch->fast + ((double)value - watch->fast) / 2;
    watch->slow = first ? (double)value : watch->slow + ((double)value - watch->slow) / 8;
}

/* Below the end for long enough. */
static bool has_ended(struct dp_alert_watch *watch, const struct dp_alert_rule *rule,
                      uint64_t now_ns, uint64_t interval_ns)
{
    bool below = watch->value < rule->end;
    uint64_t held_ns = held(&watch->is_below_end, below, watch, now_ns, interval_ns);
    return below && held_ns >= 2 * rule->hold_ns;
}

enum dp_alert_step dp_alert_look(struct dp_alert_watch *watch, enum dp_trouble id, uint64_t now_ns,
                                 uint64_t interval_ns, uint64_t value)
{
    const struct dp_alert_rule *rule = &dp_alert_rules[id];
    bool over = value > rule->limit;
    enum dp_alert_step step = DP_STEP_NONE;
    remember(watch, value);
    if (!watch->raised) {
        uint64_t held_ns = held(&watch->is_over_limit, over, watch, now_ns, interval_ns);
        if (!over || held_ns < rule->hold_ns)
            return DP_STEP_NONE;
        begin_incident(watch, value);
        step = DP_STEP_RAISED;
    } else if (has_ended(watch, rule, now_ns, interval_ns)) {
        watch->raised = watch->is_over_limit = watch->is_below_end = false;
        return DP_STEP_OVER;
    }
    if (over)
        watch->last_ns = now_ns;
    if (value > watch->most)
        watch->most = value;
    if (value < rule->critical || watch->severity == DP_SEVERITY_CRITICAL)
        return step;
    watch->severity = DP_SEVERITY_CRITICAL;
    return step == DP_STEP_RAISED ? step : DP_STEP_WORSE;
}

uint32_t dp_alert_symptoms(enum dp_trouble rule)
{
    uint32_t symptoms = 0;
#define DP_CAUSE(id, symptom) \
    if (rule == DP_RULE_##id) \
        symptoms |= 1u << DP_RULE_##symptom;
#include "deep_profile/alerts.def"
    return symptoms;
}

enum dp_trend dp_alert_trend(const struct dp_alert_watch *watch)
{
    double change = watch->fast - watch->slow;
    if (change > watch->slow / 20)
        return DP_TREND_RISING;
    return change < -watch->slow / 20 ? DP_TREND_FALLING : DP_TREND_STEADY;
}

/* With one digit behind the point. */
static void tenths(struct dp_text *out, uint64_t value, uint64_t unit)
{
    uint64_t all = unit / 10 ? (value + unit / 20) / (unit / 10) : value * 10;
    dp_text_u64(out, all / 10);
    dp_text_char(out, '.');
    dp_text_u64(out, all % 10);
}

void dp_alert_value(struct dp_text *out, enum dp_alert_unit unit, uint64_t value)
{
    if (unit == DP_ALERT_PPM) {
        tenths(out, value, 10000);
        dp_text_string(out, " %");
    } else if (unit == DP_ALERT_PER_MINUTE) {
        dp_text_u64(out, value);
        dp_text_string(out, " a minute");
    } else {
        tenths(out, value, MILLION);
        dp_text_string(out, " ms");
    }
}

void dp_alert_message(struct dp_text *out, enum dp_trouble id, uint64_t value)
{
    const struct dp_alert_rule *rule = &dp_alert_rules[id];
    dp_text_string(out, rule->what);
    dp_text_string(out, ": ");
    dp_alert_value(out, rule->unit, value);
    dp_text_string(out, ", limit ");
    dp_alert_value(out, rule->unit, rule->limit);
}
