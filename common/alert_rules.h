/*
 * The detector's rules as data (deep_profile/alerts.def), and what makes an alert of a value that
 * changes: a limit that must be broken for a while, another one below which it must stay for
 * longer before the alert is over. Compiled by the runtime and by the tool. Pure; the caller's
 * thread owns what it passes.
 */
#ifndef DP_COMMON_ALERT_RULES_H
#define DP_COMMON_ALERT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/log.h"
#include "text.h"

struct dp_alert_rule {
    enum dp_alert_unit unit;
    uint64_t limit, critical, end;
    uint64_t hold_ns;
    const char *what, *advice;
};

extern const struct dp_alert_rule dp_alert_rules[DP_RULE_COUNT];

/* Bits 1 << rule: what belongs to an alert of this one while it lasts. */
uint32_t dp_alert_symptoms(enum dp_trouble rule);

/* One rule on one thing. Zeroed, it has seen nothing. */
struct dp_alert_watch {
    bool raised;
    bool is_over_limit, is_below_end;
    uint64_t since_ns;  /* over the limit, or below the end, without a break */
    uint64_t first_ns;  /* begin of the incident */
    uint64_t last_ns;   /* when the value was last over the limit */
    uint64_t incidents;
    uint64_t value, most;
    double fast, slow;  /* means of the value, for the trend */
    enum dp_severity severity; /* of the incident: it does not go down */
};

enum dp_alert_step {
    DP_STEP_NONE, /* no alert, or it goes on as before */
    DP_STEP_RAISED,
    DP_STEP_WORSE,
    DP_STEP_OVER,
};

/* Looks at the value of the time from now - interval to now. A value that is not known is not
 * looked at. */
enum dp_alert_step dp_alert_look(struct dp_alert_watch *watch, enum dp_trouble rule, uint64_t now_ns,
                                 uint64_t interval_ns, uint64_t value);

enum dp_trend dp_alert_trend(const struct dp_alert_watch *watch);

/* "91.2 %", "12000 a minute", "1.25 s" */
void dp_alert_value(struct dp_text *out, enum dp_alert_unit unit, uint64_t value);
/* "processor time, of the …: 91.2 %, limit 80.0 %" */
void dp_alert_message(struct dp_text *out, enum dp_trouble rule, uint64_t value);

#endif
