/*
 * The alerts of a report. Those of rules that the runtime judges come from its `alert` records;
 * the others (alerts.def says which) are judged here, by the whole log. A rule has one alert,
 * however often it was broken and at however many functions; what is a symptom of another alert
 * belongs to that one.
 *
 * Data, without words: render/text_alerts.c and alerts_json.c make them. Strings point into the
 * profile and what is passed.
 */
#ifndef DP_TOOLS_DETECTOR_H
#define DP_TOOLS_DETECTOR_H

#include "profile.h"
#include "report_functions.h"
#include "report_heap.h"
#include "sampled_functions.h"

#define DP_ALERT_PLACES 4

/* A function that has to do with it. */
struct dp_alert_place {
    const char *function;
    const struct dp_site_info *info; /* NULL: not known, or no annotated function */
    double value; /* in the alert's unit, its part of the whole otherwise; NAN: not known */
};

struct dp_alert {
    enum dp_trouble rule;
    enum dp_severity severity;
    bool over; /* it was over before the end */
    enum dp_trend trend;
    double value, limit; /* in the units of alerts.def: PPM as a share. The highest value */
    uint64_t first_ns, last_ns; /* of all its incidents; 0: the whole log */
    uint64_t incidents;
    uint32_t symptoms; /* bits 1 << rule */
    struct dp_alert_place places[DP_ALERT_PLACES]; /* the worst first */
    size_t n_places, more_places;
    /* Its evidence: so many calls; of LOCK: how long they waited, of how long in all. */
    uint64_t calls;
    double part_ns, of_ns;
    const char *object, *holder, *holder_function; /* of LOCK; "": not known */
    double before_ns, now_ns; /* of HISTORY: of the worst function */
};

struct dp_alerts {
    struct dp_alert *alerts; /* critical ones first, then in the order of the rules */
    size_t n, capacity;
};

/* What alerts are found in. */
struct dp_detector_input {
    const struct dp_profile *profile;
    const struct dp_report_functions *functions;
    const struct dp_sampled_functions *sampled;
    const struct dp_report_heap *heap;
    uint64_t wall_ns;
};

/* The caller finishes it. */
void dp_alerts_make(struct dp_alerts *alerts, const struct dp_detector_input *input);
void dp_alerts_finish(struct dp_alerts *alerts);

/* An alert of the rule, NULL: there is none. */
const struct dp_alert *dp_alert_find(const struct dp_alerts *alerts, enum dp_trouble rule);

#endif
