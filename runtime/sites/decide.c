/* See decide.h. The one place where options become weights. */
#include "decide.h"

#include <string.h>

#include "common/options.h"
#include "common/threshold.h"
#include "thread/count_slots.h"
#include "thread/memory.h"
#include "base/os.h"
#include "log/process_log.h"
#include "base/sampler.h"
#include "base/settings.h"

static const struct dp_rules *rules;
static uint32_t environment;
static bool load_checks;
static double baseline_rate;
static _Atomic uint64_t shortest_slow_ns = UINT64_MAX; /* the steward follows it */

void dp_decide_init(const struct dp_rules *active_rules, uint32_t env, bool check_load,
                    double slow_baseline)
{
    rules = active_rules;
    environment = env;
    load_checks = check_load;
    baseline_rate = slow_baseline;
}

uint64_t dp_decide_shortest_slow_ns(void)
{
    return atomic_load_explicit(&shortest_slow_ns, memory_order_relaxed);
}

static bool environment_says_yes(struct dp_word variable)
{
    char name[128];
    bool value = false;
    if (variable.length >= sizeof name)
        return false;
    memcpy(name, variable.text, variable.length);
    name[variable.length] = 0;
    const char *text = dp_os_getenv(name);
    return text && dp_parse_bool(text, strlen(text), &value) == 0 && value;
}

/* What the code asks for with one attribute. */
struct demand {
    struct dp_options options;
    enum dp_attribute_state state;
    bool present;
    struct dp_word rule; /* the last rule that had a say */
    const char *text;    /* the options as written */
};

static enum dp_attribute_state judge(const struct dp_options *options, uint32_t switched_on)
{
    if (!options->enabled)
        return DP_ATTRIBUTE_DISABLED;
    if (options->enabled_by.length && !(switched_on & 1u << options->attribute))
        return DP_ATTRIBUTE_DISABLED;
    if (!(options->env & environment))
        return DP_ATTRIBUTE_WRONG_ENV;
    return options->emit_metrics ? DP_ATTRIBUTE_ON : DP_ATTRIBUTE_NO_EVENTS;
}

static void read_attributes(const struct dp_site_desc *desc, uint32_t switched_on,
                            struct demand *demands)
{
    struct dp_options_error error;
    for (uint32_t i = 0; i < desc->n_attributes; i++) {
        const struct dp_site_attribute *written = &desc->attributes[i];
        if (written->attribute >= DP_ATTRIBUTE_COUNT)
            continue;
        struct demand *demand = &demands[written->attribute];
        demand->text = written->options;
        demand->present = true;
        if (dp_options_parse((enum dp_attribute)written->attribute, written->options,
                             &demand->options, &error) != 0)
            demand->state = DP_ATTRIBUTE_DISABLED; /* the plugin would have refused it */
        else
            demand->state = judge(&demand->options, switched_on);
    }
}

void dp_decide_switches(struct dp_site_state *state)
{
    const struct dp_site_desc *desc = state->site->desc;
    struct dp_options options;
    struct dp_options_error error;
    for (uint32_t i = 0; i < desc->n_attributes; i++) {
        const struct dp_site_attribute *written = &desc->attributes[i];
        if (written->attribute < DP_ATTRIBUTE_COUNT && strstr(written->options, "enabled") &&
            dp_options_parse((enum dp_attribute)written->attribute, written->options, &options,
                             &error) == 0 &&
            options.enabled_by.length && environment_says_yes(options.enabled_by))
            state->switched_on |= 1u << written->attribute;
    }
}

/* Turns an attribute on that a rule asks for, with the defaults of its options
 * where the function does not have it. */
static struct dp_options *demand_by_rule(struct demand *demands, enum dp_attribute attribute,
                                         const struct dp_rule *rule)
{
    struct demand *demand = &demands[attribute];
    struct dp_options_error error;
    const char *text = attribute == DP_ATTRIBUTE_IF_SLOW ? "1s, rate=1" : "";
    if (!demand->present &&
        dp_options_parse(attribute, text, &demand->options, &error) != 0)
        demand->options = (struct dp_options){.attribute = attribute, .emit_metrics = true};
    demand->present = true;
    demand->state = DP_ATTRIBUTE_BY_RULE;
    demand->rule = rule->text;
    return &demand->options;
}

/* Whole-program mode without rules: as if every function were DEEP_PROFILE(). */
static void demand_default(struct demand *demand)
{
    struct dp_options_error error;
    demand->present = dp_options_parse(DP_ATTRIBUTE_PROFILE, "", &demand->options, &error) == 0;
    demand->state = judge(&demand->options, 0);
}

static void apply_rule(const struct dp_rule *rule, struct demand *demands)
{
    if (rule->off) {
        for (size_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
            demands[a].state = DP_ATTRIBUTE_RULED_OUT;
            demands[a].rule = rule->text;
        }
    }
    if (rule->has_rate) {
        bool production = demands[DP_ATTRIBUTE_PRODUCTION].present &&
                          !demands[DP_ATTRIBUTE_PROFILE].present;
        enum dp_attribute attribute =
            production ? DP_ATTRIBUTE_PRODUCTION : DP_ATTRIBUTE_PROFILE;
        demand_by_rule(demands, attribute, rule)->rate = rule->rate;
    }
    if (rule->has_slow)
        demand_by_rule(demands, DP_ATTRIBUTE_IF_SLOW, rule)->threshold_ns = rule->slow_ns;
    if (rule->calls)
        demand_by_rule(demands, DP_ATTRIBUTE_CALLS, rule);
    if (rule->memory)
        demand_by_rule(demands, DP_ATTRIBUTE_MEMORY, rule)->threshold_bytes = rule->memory_bytes;
}

static bool in_force(const struct demand *demand)
{
    return demand->present && (demand->state == DP_ATTRIBUTE_ON ||
                               demand->state == DP_ATTRIBUTE_BY_RULE ||
                               demand->state == DP_ATTRIBUTE_NO_EVENTS);
}

static uint32_t chance_of(double rate)
{
    return rate >= 1 ? UINT32_MAX : (uint32_t)(rate * 4294967296.0);
}

/* One call chosen with probability `rate` stands for 1/rate calls; the variance
 * of that estimate is (1 - rate)/rate^2 (Horvitz and Thompson 1952). */
static void set_population(struct dp_site_state *state, double rate)
{
    if (state->always || rate >= 1)
        rate = 1;
    if (!(rate > 0))
        return;
    if (rate < 1e-9)
        rate = 1e-9; /* what can be written */
    const double unit = DP_WEIGHT_UNIT, two_64 = 18446744073709551616.0;
    double variance = unit * (1 - rate) / (rate * rate);
    state->population.estimated = (uint64_t)(unit / rate + 0.5);
    state->population.variance_high = (uint64_t)(variance / two_64);
    state->population.variance = (uint64_t)(variance - (double)state->population.variance_high * two_64);
    if (rate < 1 && !state->population.variance)
        state->population.variance = 1; /* no interval of width 0 around what is not exact */
}

static void set_probe(struct dp_site_state *state, const struct demand *demand, double *missed)
{
    const struct dp_options *options = &demand->options;
    uint32_t kind = 1u << options->attribute;
    struct dp_probe *probe = &state->probes[options->attribute];
    double rate = options->rate;
    probe->event = options->emit_metrics;
    probe->event_chance = chance_of(rate);
    probe->duration_ns = options->duration_ns;
    probe->threshold = options->threshold_ns;
    probe->load_checked = options->check_load && load_checks;
    probe->chance = chance_of(rate);

    switch (options->attribute) {
    case DP_ATTRIBUTE_CALLS:
        probe->load_checked = false;
        if (!state->site->count_slot)
            state->count_at_gate = true;
        return;
    case DP_ATTRIBUTE_IF_SLOW:
        probe->load_checked = false; /* cheap, and what matters under load */
        probe->memory = options->strategy == DP_STRATEGY_MEMORY;
        state->slow_threshold_ns = options->threshold_ns;
        state->slow_by_tick =
            !probe->memory && options->threshold_ns >= DP_TICKS_PER_THRESHOLD * DP_SHORTEST_TICK_NS;
        if (!state->slow_by_tick) {
            state->always |= kind;
        } else if (baseline_rate > 0 && !(state->site->desc->flags & DP_SITE_WHOLE_PROGRAM)) {
            if (baseline_rate >= 1)
                state->always |= kind;
            else
                state->by_chance |= kind;
            probe->chance = chance_of(baseline_rate);
            *missed *= 1 - baseline_rate;
        }
        break;
    case DP_ATTRIBUTE_MEMORY:
        probe->load_checked = false;
        probe->memory = true;
        probe->threshold = options->threshold_bytes;
        state->always |= kind;
        break;
    case DP_ATTRIBUTE_FLAME_GRAPH:
        probe->load_checked = false;
        probe->chance = UINT32_MAX;
        state->always |= kind;
        break;
    default:
        probe->memory = options->strategy == DP_STRATEGY_MEMORY;
        if (options->strategy == DP_STRATEGY_CALLS)
            state->count_at_gate = true;
        if (rate >= 1)
            state->always |= kind;
        else if (rate > 0)
            state->by_chance |= kind;
        *missed *= 1 - rate;
    }
    if (probe->load_checked)
        state->load_checked |= kind;
    if (probe->memory)
        state->memory |= kind;
}

/*
 * A call chosen by chance was chosen by at least one kind. The kinds are asked
 * in order; while none has chosen it, kind i does with probability
 * r_i / (1 - product of (1 - r_j), j >= i), which makes the last one certain.
 */
static void set_conditional_chances(struct dp_site_state *state)
{
    double missed = 1;
    for (int a = DP_ATTRIBUTE_COUNT - 1; a >= 0; a--) {
        struct dp_probe *probe = &state->probes[a];
        if (!(state->by_chance & 1u << a))
            continue;
        double rate = probe->chance / 4294967296.0;
        bool last = missed == 1;
        missed *= 1 - rate;
        probe->chance_if_needed = last ? UINT32_MAX : chance_of(rate / (1 - missed));
    }
}

static void log_decisions(uint32_t index, const struct demand *demands)
{
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        const struct demand *demand = &demands[a];
        if (!demand->present)
            continue;
        double rate = a == DP_ATTRIBUTE_MEMORY || a == DP_ATTRIBUTE_CALLS ||
                              a == DP_ATTRIBUTE_FLAME_GRAPH
                          ? 1
                          : demand->options.rate;
        uint64_t threshold = a == DP_ATTRIBUTE_MEMORY ? demand->options.threshold_bytes
                                                      : demand->options.threshold_ns;
        struct dp_event_site_attribute event = {
            .site = index,
            .attribute = a,
            .state = demand->state,
            .rate_ppb = (uint32_t)(rate * 1e9 + 0.5),
            .threshold = threshold,
        };
        dp_log_site_attribute(&event, demand->text ? demand->text : "", demand->rule);
    }
}

/* The short ways through enter.c. */
static void set_simple(struct dp_site_state *state)
{
    const struct dp_probe *probe = &state->probes[DP_ATTRIBUTE_PROFILE];
    const uint64_t compact = (UINT64_C(1) << DP_CALL_DURATION_BITS) - 1;
    bool every = state->always == DP_KIND(PROFILE) && !state->by_chance;
    bool sampled = state->by_chance == DP_KIND(PROFILE) && !state->always && !state->count_at_gate;
    state->simple = (every || sampled) && !state->memory && !state->slow_threshold_ns &&
                    probe->event && !probe->threshold;
    state->every = state->simple && every;
    state->count_only = state->count_at_gate && !state->always && !state->by_chance;
    state->simple_limit_ns = probe->duration_ns < compact ? probe->duration_ns : compact;
}

static void gather_demands(const struct dp_site_state *state,
                           struct demand demands[DP_ATTRIBUTE_COUNT])
{
    const struct dp_site_desc *desc = state->site->desc;
    memset(demands, 0, DP_ATTRIBUTE_COUNT * sizeof *demands);
    read_attributes(desc, state->switched_on, demands);
    if (desc->flags & DP_SITE_WHOLE_PROGRAM && rules->count == 0)
        demand_default(&demands[DP_ATTRIBUTE_PROFILE]);
    for (size_t r = 0; r < rules->count; r++) {
        if (dp_rule_matches(&rules->rules[r], desc->function))
            apply_rule(&rules->rules[r], demands);
    }
}

void dp_decide(uint32_t index, struct dp_site_state *state)
{
    struct demand demands[DP_ATTRIBUTE_COUNT];
    double missed = 1; /* probability that no kind chooses a call */
    gather_demands(state, demands);
    state->slow_after = DP_SLOW_NEVER;
    if (state->site->desc->flags & DP_SITE_WHOLE_PROGRAM && in_force(&demands[DP_ATTRIBUTE_CALLS]))
        state->site->count_slot = dp_count_slot_for(index);
    for (size_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        if (in_force(&demands[a]))
            set_probe(state, &demands[a], &missed);
    }
    if (state->site->count_slot)
        dp_count_slot_set_events(state->site->count_slot,
                                 state->probes[DP_ATTRIBUTE_CALLS].event);
    set_population(state, 1 - missed);
    set_conditional_chances(state);
    if (state->memory)
        dp_memory_counted = true;
    if (state->slow_by_tick) {
        state->slow_after =
            dp_slow_after(state->slow_threshold_ns, dp_setting_value(DP_SETTING_TICK));
        if (state->slow_threshold_ns < shortest_slow_ns)
            shortest_slow_ns = state->slow_threshold_ns;
    }
    set_simple(state);
    int64_t chance_weight = dp_sampler_weight(1 - missed);
    if (state->always || state->count_at_gate) {
        state->weight = DP_WEIGHT_ALWAYS;
        state->chance_weight = state->by_chance ? chance_weight : 0;
    } else {
        state->weight = state->by_chance ? chance_weight : 0;
    }
    log_decisions(index, demands);
}

void dp_decide_log(uint32_t index, const struct dp_site_state *state)
{
    struct demand demands[DP_ATTRIBUTE_COUNT];
    gather_demands(state, demands);
    log_decisions(index, demands);
}
