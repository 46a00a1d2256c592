/* See detector.h. */
#include "detector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/syscall_names.h"
#include "common/alert_rules.h"

#define FEWEST_CALLS 20 /* whose times are known, for a p99 */
#define LEAST_WAITED_NS 100e6
#define LEAST_HELD (4.0 * (1 << 20))
#define MILLION 1e6

static double in_unit(enum dp_trouble rule, uint64_t value)
{
    return dp_alert_rules[rule].unit == DP_ALERT_PPM ? (double)value / MILLION : (double)value;
}

static struct dp_alert *add(struct dp_alerts *alerts, enum dp_trouble rule)
{
    alerts->alerts =
        dp_append(alerts->alerts, &alerts->n, &alerts->capacity, sizeof *alerts->alerts);
    struct dp_alert *alert = &alerts->alerts[alerts->n - 1];
    *alert = (struct dp_alert){.rule = rule,
                               .limit = in_unit(rule, dp_alert_rules[rule].limit),
                               .incidents = 1,
                               .object = "",
                               .holder = "",
                               .holder_function = ""};
    return alert;
}

const struct dp_alert *dp_alert_find(const struct dp_alerts *alerts, enum dp_trouble rule)
{
    for (size_t i = 0; i < alerts->n; i++)
        if (alerts->alerts[i].rule == rule)
            return &alerts->alerts[i];
    return NULL;
}

static void set_value(struct dp_alert *alert, double value)
{
    alert->value = value;
    alert->severity = value >= in_unit(alert->rule, dp_alert_rules[alert->rule].critical)
                          ? DP_SEVERITY_CRITICAL
                          : DP_SEVERITY_WARNING;
}

/* Keeps the places with the highest values. */
static void add_place(struct dp_alert *alert, struct dp_alert_place place)
{
    size_t at = alert->n_places;

    while (at > 0 && alert->places[at - 1].value < place.value)
        at--;
    if (alert->n_places == DP_ALERT_PLACES)
        alert->more_places++;
    else
        alert->n_places++;
    for (size_t i = alert->n_places - 1; i > at; i--)
        alert->places[i] = alert->places[i - 1];
    if (at < DP_ALERT_PLACES)
        alert->places[at] = place;
}

/* ---- what the runtime found ---- */

/* A later incident of the same rule adds to the alert. */
static void add_record(struct dp_alerts *alerts, const struct dp_alert_record *record)
{
    const struct dp_event_alert *event = &record->event;

    if (event->rule >= DP_RULE_COUNT || event->lasted_ns > record->time_ns)
        return;
    enum dp_trouble rule = (enum dp_trouble)event->rule;
    struct dp_alert *alert = (struct dp_alert *)dp_alert_find(alerts, rule);
    uint64_t first = record->time_ns - event->lasted_ns;
    if (!alert) {
        alert = add(alerts, rule);
        alert->first_ns = first;
    }
    double most = in_unit(rule, event->most);
    alert->value = most > alert->value ? most : alert->value;
    if (event->severity == DP_SEVERITY_CRITICAL)
        alert->severity = DP_SEVERITY_CRITICAL;
    alert->limit = in_unit(rule, event->limit);
    alert->last_ns = record->time_ns;
    alert->incidents = event->incidents;
    alert->trend = (enum dp_trend)(event->trend < DP_TREND_COUNT ? event->trend : 0);
    alert->symptoms |= event->symptoms;
    alert->over = event->alert_state == DP_ALERT_OVER;
}

/* The functions that used the processor most: as sampled; else as timed. */
static void add_hottest(struct dp_alert *alert, const struct dp_detector_input *input)
{
    const struct dp_sampled_functions *sampled = input->sampled;
    const struct dp_report_ranking *timed = &input->functions->timed;

    for (size_t i = 0; i < sampled->n && sampled->cpu_ns > 0; i++)
        if (sampled->functions[i].self_cpu_ns * 20 > sampled->cpu_ns)
            add_place(alert, (struct dp_alert_place){
                                 .function = sampled->flame.names[sampled->functions[i].name].function,
                                 .value = (double)sampled->functions[i].self_cpu_ns /
                                          (double)sampled->cpu_ns});
    for (size_t i = 0; sampled->cpu_ns == 0 && i < timed->n && i < DP_ALERT_PLACES; i++)
        if (timed->rows[i]->info && timed->rows[i]->share_of_cpu > 0.05)
            add_place(alert, (struct dp_alert_place){.function = timed->rows[i]->info->function,
                                                     .info = timed->rows[i]->info,
                                                     .value = timed->rows[i]->share_of_cpu});
}

/* Who holds what grew; as shares of all that is held at the end. */
static void add_growing(struct dp_alert *alert, const struct dp_report_heap *heap)
{
    double held = heap->all.of[DP_HEAP_AT_END].value;

    for (size_t i = 0; i < heap->n && held > 0; i++)
        if (heap->rows[i].stack && dp_heap_grew(&heap->rows[i]))
            add_place(alert, (struct dp_alert_place){
                                 .function = dp_stack_function(heap->rows[i].stack),
                                 .value = heap->rows[i].of[DP_HEAP_GROWTH].value / held});
}

/* ---- what the whole log says ---- */

/* Calls that wait for something to do are as long as nothing happens. */
static bool waits_for_work(int32_t syscall)
{
    const char *name = syscall >= 0 ? dp_syscall_name(syscall) : NULL;
    static const char *const waits[] = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll",
                                        "select", "pselect6", "accept", "accept4", "wait4",
                                        "waitid", "pause", "rt_sigtimedwait", "rt_sigsuspend",
                                        "io_getevents"};

    for (size_t i = 0; name && i < sizeof waits / sizeof *waits; i++)
        if (strcmp(name, waits[i]) == 0)
            return true;
    return false;
}

/* Slow calls of a function, as far as the profile keeps them. */
struct slow_calls {
    uint64_t calls;    /* certainly over the limit */
    uint64_t for_work; /* of them: most of their time they waited for something to do */
};

static struct slow_calls slow_calls_of(const struct dp_profile *profile, uint32_t site,
                                       double limit)
{
    struct slow_calls found = {0};
    struct dp_reason reason;

    for (size_t i = 0; i < profile->n_slow; i++) {
        const struct dp_slow_call *call = &profile->slow[i];
        if (call->site != site || (double)call->duration_ns <= limit + (double)call->error_ns)
            continue;
        found.calls++;
        dp_reason_find(&reason, &profile->reasons, &profile->stacks, call->id);
        found.for_work += reason.known && reason.because == DP_BECAUSE_BLOCKED && reason.main &&
                          waits_for_work(reason.main->syscall);
    }
    return found;
}

/* 0: not certainly over the limit. Of a few calls the 99th percentile is the longest, which says
 * little. */
static double p99_over(const struct dp_profile *profile, const struct dp_report_function *function,
                       uint64_t *calls)
{
    double limit = (double)dp_alert_rules[DP_RULE_LATENCY].limit;
    struct slow_calls slow = slow_calls_of(profile, function->site, limit);
    const struct dp_estimate *p99 = &function->latency.percentile[DP_P99];

    *calls = slow.calls;
    if (slow.for_work * 2 > slow.calls)
        return 0;
    if (function->latency.of == DP_LATENCY_OF_NONE || p99->certainty == DP_UNKNOWN ||
        function->sampled + slow.calls < FEWEST_CALLS || !(p99->low > limit))
        return 0;
    return p99->value > p99->low ? p99->value : p99->low;
}

static void judge_latency(struct dp_alerts *alerts, const struct dp_detector_input *input)
{
    struct dp_alert found = {0};
    double worst = 0;

    for (size_t i = 0; i < input->functions->n_made; i++) {
        const struct dp_report_function *function = input->functions->made[i];
        uint64_t calls;
        double p99 = function ? p99_over(input->profile, function, &calls) : 0;
        if (p99 == 0 || !function->info)
            continue;
        add_place(&found, (struct dp_alert_place){function->info->function, function->info, p99});
        found.calls += calls;
        worst = p99 > worst ? p99 : worst;
    }
    if (worst == 0)
        return;
    struct dp_alert *alert = add(alerts, DP_RULE_LATENCY);
    memcpy(alert->places, found.places, sizeof found.places);
    alert->n_places = found.n_places;
    alert->more_places = found.more_places;
    alert->calls = found.calls;
    set_value(alert, worst);
}

/* The longest wait decides which lock and whose. */
struct lock_waits {
    double waited_ns, of_ns;
    uint64_t calls, first_ns, last_ns;
    const struct dp_stack_sample *longest;
};

static void add_waits(struct lock_waits *waits, const struct dp_slow_call *call,
                      const struct dp_reason *reason)
{
    double waited = 0;

    for (size_t i = 0; i < reason->n_samples; i++) {
        const struct dp_stack_sample *sample = &reason->samples[i];
        if (!dp_stack_waits_for_lock(sample))
            continue;
        waited += dp_reason_ns_of(reason, sample);
        bool known = sample->holder_tid > 0;
        if (!waits->longest || (known && waits->longest->holder_tid == 0) ||
            (known == (waits->longest->holder_tid > 0) &&
             sample->weight_ns > waits->longest->weight_ns))
            waits->longest = sample;
    }
    waits->of_ns += (double)dp_reason_ns(reason);
    if (waited == 0)
        return;
    waits->waited_ns += waited;
    waits->calls++;
    uint64_t begin = call->time_ns - call->duration_ns;
    if (waits->first_ns == 0 || begin < waits->first_ns)
        waits->first_ns = begin;
    if (call->time_ns > waits->last_ns)
        waits->last_ns = call->time_ns;
}

/* Waiting of one function's slow calls, of all of their time. */
static struct lock_waits lock_waits_of(const struct dp_profile *profile, uint32_t site)
{
    struct lock_waits waits = {0};
    struct dp_reason reason;

    for (size_t i = 0; i < profile->n_slow; i++) {
        if (profile->slow[i].site != site)
            continue;
        dp_reason_find(&reason, &profile->reasons, &profile->stacks, profile->slow[i].id);
        if (reason.known)
            add_waits(&waits, &profile->slow[i], &reason);
    }
    return waits;
}

static void add_lock_place(struct dp_alerts *alerts, const struct dp_report_function *function,
                           const struct lock_waits *waits)
{
    double share = waits->waited_ns / waits->of_ns;
    struct dp_alert *alert = (struct dp_alert *)dp_alert_find(alerts, DP_RULE_LOCK);

    if (!alert) {
        alert = add(alerts, DP_RULE_LOCK);
        alert->first_ns = waits->first_ns;
    }
    if (share > alert->value) {
        set_value(alert, share);
        alert->object = waits->longest->object;
        alert->holder = waits->longest->holder;
        alert->holder_function =
            waits->longest->holder_stack ? dp_stack_function(waits->longest->holder_stack) : "";
    }
    alert->first_ns = waits->first_ns < alert->first_ns ? waits->first_ns : alert->first_ns;
    alert->last_ns = waits->last_ns > alert->last_ns ? waits->last_ns : alert->last_ns;
    alert->calls += waits->calls;
    alert->part_ns += waits->waited_ns;
    alert->of_ns += waits->of_ns;
    add_place(alert, (struct dp_alert_place){function->info->function, function->info, share});
}

static void judge_locks(struct dp_alerts *alerts, const struct dp_detector_input *input)
{
    double limit = in_unit(DP_RULE_LOCK, dp_alert_rules[DP_RULE_LOCK].limit);

    for (size_t i = 0; i < input->functions->n_made; i++) {
        const struct dp_report_function *function = input->functions->made[i];
        if (!function || !function->info || function->slow == 0)
            continue;
        struct lock_waits waits = lock_waits_of(input->profile, function->site);
        if (waits.longest && waits.waited_ns >= LEAST_WAITED_NS &&
            waits.waited_ns > limit * waits.of_ns)
            add_lock_place(alerts, function, &waits);
    }
}

static void judge_sites(struct dp_alerts *alerts, const struct dp_detector_input *input)
{
    const struct dp_report_heap *heap = input->heap;
    struct dp_alert found = {0};
    double grown = 0;

    add_growing(&found, heap);
    for (size_t i = 0; i < heap->n; i++)
        if (heap->rows[i].stack && dp_heap_grew(&heap->rows[i]))
            grown += heap->rows[i].of[DP_HEAP_GROWTH].low;
    if (found.n_places == 0 || grown < LEAST_HELD ||
        found.places[0].value <= in_unit(DP_RULE_SITE_GROWTH, dp_alert_rules[DP_RULE_SITE_GROWTH].limit))
        return;
    struct dp_alert *alert = add(alerts, DP_RULE_SITE_GROWTH);
    memcpy(alert->places, found.places, sizeof found.places);
    alert->n_places = found.n_places;
    alert->more_places = found.more_places;
    set_value(alert, found.places[0].value);
}

static void judge_history(struct dp_alerts *alerts, const struct dp_detector_input *input)
{
    const struct dp_history *history = &input->profile->history;
    double limit = in_unit(DP_RULE_HISTORY, dp_alert_rules[DP_RULE_HISTORY].limit);

    for (size_t i = 0; i < history->n; i++) {
        const struct dp_site_info *info = dp_site_find(&input->profile->sites, (uint32_t)i);
        struct dp_departure departure;
        if (!history->sites[i] || !info || info->flags & DP_SITE_WHOLE_PROGRAM ||
            !dp_history_departs(history->sites[i], history->from_ns, &departure) ||
            departure.ratio <= limit)
            continue;
        struct dp_alert *alert = (struct dp_alert *)dp_alert_find(alerts, DP_RULE_HISTORY);
        if (!alert)
            alert = add(alerts, DP_RULE_HISTORY);
        if (departure.ratio > alert->value) {
            set_value(alert, departure.ratio);
            alert->first_ns = departure.from_ns;
            alert->calls = departure.calls_now;
            alert->before_ns = departure.before_ns;
            alert->now_ns = departure.now_ns;
        }
        add_place(alert, (struct dp_alert_place){info->function, info, departure.ratio});
    }
}

/* ---- all of them ---- */

static int by_severity(const void *a, const void *b)
{
    const struct dp_alert *one = a, *other = b;

    if (one->severity != other->severity)
        return one->severity > other->severity ? -1 : 1;
    return one->rule < other->rule ? -1 : one->rule > other->rule;
}

/* Whether two alerts' times have something in common. One without times has the whole log. */
static bool overlap(const struct dp_alert *one, const struct dp_alert *other)
{
    if (one->last_ns == 0 || other->last_ns == 0)
        return true;
    return one->first_ns <= other->last_ns && other->first_ns <= one->last_ns;
}

/* Symptoms go to their cause. Where two are each other's symptom, the first of the table stays. */
static void take_symptoms(struct dp_alerts *alerts)
{
    uint32_t gone = 0;
    size_t kept = 0;

    for (size_t i = 0; i < alerts->n; i++)
        for (size_t of = 0; of < alerts->n; of++) {
            struct dp_alert *cause = &alerts->alerts[of], *one = &alerts->alerts[i];
            if (i == of || gone >> of & 1 || gone >> i & 1 ||
                !(dp_alert_symptoms(cause->rule) & 1u << one->rule) || !overlap(cause, one))
                continue;
            bool mutual = dp_alert_symptoms(one->rule) & 1u << cause->rule;
            if (mutual && one->rule == DP_RULE_GROWTH)
                continue;
            cause->symptoms |= 1u << one->rule | one->symptoms;
            if (cause->rule == DP_RULE_LOCK && one->rule == DP_RULE_LATENCY &&
                one->severity > cause->severity)
                cause->severity = one->severity;
            gone |= 1u << i;
        }
    for (size_t i = 0; i < alerts->n; i++)
        if (!(gone >> i & 1))
            alerts->alerts[kept++] = alerts->alerts[i];
    alerts->n = kept;
}

void dp_alerts_make(struct dp_alerts *alerts, const struct dp_detector_input *input)
{
    const struct dp_alert_records *records = &input->profile->alert_records;

    *alerts = (struct dp_alerts){0};
    for (size_t i = 0; i < records->n; i++)
        add_record(alerts, &records->records[i]);
    judge_latency(alerts, input);
    judge_locks(alerts, input);
    judge_sites(alerts, input);
    judge_history(alerts, input);
    take_symptoms(alerts);
    for (size_t i = 0; i < alerts->n; i++) {
        struct dp_alert *alert = &alerts->alerts[i];
        if (alert->rule == DP_RULE_CPU || alert->rule == DP_RULE_THROTTLED)
            add_hottest(alert, input);
        else if (alert->rule == DP_RULE_GROWTH || alert->rule == DP_RULE_MEMORY)
            add_growing(alert, input->heap);
    }
    if (alerts->n > 0)
        qsort(alerts->alerts, alerts->n, sizeof *alerts->alerts, by_severity);
}

void dp_alerts_finish(struct dp_alerts *alerts)
{
    free(alerts->alerts);
    *alerts = (struct dp_alerts){0};
}
