/* See detector.h. */
#include "detector.h"

#include <string.h>

#include "base/settings.h"
#include "common/alert_rules.h"
#include "common/growth.h"
#include "log/process_log.h"

#define MILLION 1e6
#define MINUTE_NS 60e9
#define OWN_SHARE 10            /* the machine's memory is this process's concern from a tenth on */
#define LEAST_GROWTH (4.0 * (1 << 20))
#define MOST_TEXT 256

static struct rule_state {
    struct dp_alert_watch watch;
    bool covered;      /* it belongs to another alert */
    uint32_t symptoms; /* bits 1 << rule: what belongs to this one */
} states[DP_RULE_COUNT];
static struct dp_growth growth;

void dp_detector_init(void)
{
    memset(states, 0, sizeof states);
    memset(&growth, 0, sizeof growth);
}

/* An `alert` record, as it lies in the log. */
struct record {
    struct dp_event_alert head;
    char texts[2 * MOST_TEXT];
} __attribute__((packed));

static void write_alert(enum dp_trouble rule, enum dp_alert_state state, uint64_t now)
{
    static struct record record;
    const struct dp_alert_watch *watch = &states[rule].watch;
    struct dp_text out = {record.texts, MOST_TEXT - 1, 0};
    record.head = (struct dp_event_alert){
        .rule = rule,
        .severity = watch->severity,
        .alert_state = state,
        .trend = dp_alert_trend(watch),
        .unit = dp_alert_rules[rule].unit,
        .symptoms = states[rule].symptoms,
        .value = watch->value,
        .most = watch->most,
        .limit = dp_alert_rules[rule].limit,
        .incidents = watch->incidents,
        .lasted_ns = now - watch->first_ns,
    };
    dp_alert_message(&out, rule, watch->value);
    size_t length = out.length < out.size ? out.length : out.size;
    record.texts[length++] = 0;
    const char *advice = dp_alert_rules[rule].advice;
    memcpy(record.texts + length, advice, strlen(advice) + 1);
    length += strlen(advice) + 1;
    dp_log_event(DP_EVENT_ID_alert, &record, sizeof record.head + length);
}

/* The alert that `rule` belongs to. False: to none. */
static bool cause_of(enum dp_trouble rule, enum dp_trouble *cause)
{
    for (int i = 0; i < DP_RULE_COUNT; i++) {
        *cause = (enum dp_trouble)i;
        if (states[i].watch.raised && !states[i].covered &&
            dp_alert_symptoms(*cause) & 1u << rule)
            return true;
    }
    return false;
}

static void raise(enum dp_trouble rule, uint64_t now)
{
    enum dp_trouble cause;
    states[rule].covered = cause_of(rule, &cause);
    states[rule].symptoms = 0;
    if (!states[rule].covered) {
        write_alert(rule, DP_ALERT_RAISED, now);
    } else if (!(states[cause].symptoms & 1u << rule)) {
        states[cause].symptoms |= 1u << rule;
        write_alert(cause, DP_ALERT_WORSE, now);
    }
}

static void look(enum dp_trouble rule, uint64_t now, uint64_t interval_ns, double value)
{
    struct rule_state *state = &states[rule];
    uint64_t whole = value < 0 ? 0 : value < 1e18 ? (uint64_t)value : UINT64_C(1000000000000000000);
    switch (dp_alert_look(&state->watch, rule, now, interval_ns, whole)) {
    case DP_STEP_NONE:
        return;
    case DP_STEP_RAISED:
        raise(rule, now);
        return;
    case DP_STEP_WORSE:
        if (!state->covered)
            write_alert(rule, DP_ALERT_WORSE, now);
        return;
    case DP_STEP_OVER:
        if (!state->covered)
            write_alert(rule, DP_ALERT_OVER, now);
        state->covered = false;
        return;
    }
}

static bool has(const struct dp_figures *figures, enum dp_figure figure)
{
    return dp_figure_known(figures, figure);
}

static double value_of(const struct dp_figures *figures, enum dp_figure figure)
{
    return has(figures, figure) ? (double)figures->value[figure] : 0;
}

/* The process's own memory: what it would leave if it ended. */
static double own_memory(const struct dp_figures *figures)
{
    return value_of(figures, DP_FIGURE_ANONYMOUS) + value_of(figures, DP_FIGURE_SWAP) +
           value_of(figures, DP_FIGURE_SHARED);
}

/* Of the group's limit; or of the machine's memory, where this process has a part in it. In
 * millionths; negative: not known. */
static double memory_used(const struct dp_figures *figures)
{
    double value = -1, all = value_of(figures, DP_FIGURE_MACHINE_MEMORY);
    double limit = value_of(figures, DP_FIGURE_GROUP_LIMIT);
    if (limit > 0 && has(figures, DP_FIGURE_GROUP_USED))
        value = value_of(figures, DP_FIGURE_GROUP_USED) * MILLION / limit;
    if (all > 0 && has(figures, DP_FIGURE_MACHINE_AVAILABLE) &&
        own_memory(figures) * OWN_SHARE >= all) {
        double used = (all - value_of(figures, DP_FIGURE_MACHINE_AVAILABLE)) * MILLION / all;
        value = used > value ? used : value;
    }
    return value;
}

void dp_detector_look(uint64_t now, uint64_t interval_ns, const struct dp_figures *figures)
{
    double interval = (double)interval_ns, processors = value_of(figures, DP_FIGURE_PROCESSORS);
    if (!dp_setting_value(DP_SETTING_ALERTS) || !interval_ns)
        return;
    if (has(figures, DP_FIGURE_THROTTLED))
        look(DP_RULE_THROTTLED, now, interval_ns, value_of(figures, DP_FIGURE_THROTTLED));
    if (has(figures, DP_FIGURE_CPU) && processors > 0)
        look(DP_RULE_CPU, now, interval_ns,
             value_of(figures, DP_FIGURE_CPU) * MILLION * MILLION / (interval * processors));
    if (has(figures, DP_FIGURE_THREADS_CREATED))
        look(DP_RULE_THREADS, now, interval_ns,
             value_of(figures, DP_FIGURE_THREADS_CREATED) * MINUTE_NS / interval);
    if (has(figures, DP_FIGURE_ANONYMOUS)) {
        dp_growth_add(&growth, now, interval_ns, own_memory(figures));
        look(DP_RULE_GROWTH, now, interval_ns,
             (double)dp_growth_judge(&growth, dp_setting_value(DP_SETTING_GROWTH_AFTER),
                                     LEAST_GROWTH));
    }
    double memory = memory_used(figures);
    if (memory >= 0)
        look(DP_RULE_MEMORY, now, interval_ns, memory);
}

void dp_detector_finish(uint64_t now)
{
    for (int i = 0; i < DP_RULE_COUNT; i++)
        if (states[i].watch.raised && !states[i].covered)
            write_alert((enum dp_trouble)i, DP_ALERT_LASTING, now);
}
