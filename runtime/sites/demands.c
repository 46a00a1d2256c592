/* See demands.h. */
#include "demands.h"

#include <string.h>

static enum dp_attribute_state judge(const struct dp_options *options,
                                     const struct dp_site_request *request,
                                     const struct dp_decide_settings *settings)
{
    if (!options->enabled)
        return DP_ATTRIBUTE_DISABLED;
    if (options->enabled_by.length && !(request->switched_on & 1u << options->attribute))
        return DP_ATTRIBUTE_DISABLED;
    if (!(options->env & settings->environment))
        return DP_ATTRIBUTE_WRONG_ENV;
    return options->emit_metrics ? DP_ATTRIBUTE_ON : DP_ATTRIBUTE_NO_EVENTS;
}

static void read_attributes(const struct dp_site_request *request,
                            const struct dp_decide_settings *settings, struct dp_demand *demands)
{
    struct dp_options_error error;
    for (uint32_t i = 0; i < request->desc->n_attributes; i++) {
        const struct dp_site_attribute *written = &request->desc->attributes[i];
        if (written->attribute >= DP_ATTRIBUTE_COUNT)
            continue;
        struct dp_demand *demand = &demands[written->attribute];
        demand->text = written->options;
        demand->present = true;
        if (dp_options_parse((enum dp_attribute)written->attribute, written->options,
                             &demand->options, &error) != 0)
            demand->state = DP_ATTRIBUTE_DISABLED; /* impossible: the plugin accepted it */
        else
            demand->state = judge(&demand->options, request, settings);
    }
}

/* Turns on the attribute that a rule asks for. If the function does not have it, its
 * options get their defaults. */
static struct dp_options *demand_by_rule(struct dp_demand *demands, enum dp_attribute attribute,
                                         const struct dp_rule *rule)
{
    struct dp_demand *demand = &demands[attribute];
    struct dp_options_error error;
    const char *text = attribute == DP_ATTRIBUTE_IF_SLOW ? "1s, rate=1" : "";
    if (!demand->present &&
        dp_options_parse(attribute, text, &demand->options, &error) != 0)
        demand->options = (struct dp_options){.attribute = attribute, .emit_metrics = true};
    demand->present = true;
    demand->state = DP_ATTRIBUTE_BY_RULE;
    demand->rule = rule->text;
    demand->options.check_load = rule->check_load;
    return &demand->options;
}

/* A rule without a threshold uses the attribute's threshold. If there is none either, only
 * totals are kept: an event for every call would fill the log. */
static void demand_memory(struct dp_demand *demands, const struct dp_rule *rule)
{
    bool was_there = demands[DP_ATTRIBUTE_MEMORY].present;
    struct dp_options *options = demand_by_rule(demands, DP_ATTRIBUTE_MEMORY, rule);

    if (rule->has_memory_bytes) {
        options->threshold_bytes = rule->memory_bytes;
        options->emit_metrics = true;
    } else if (!was_there) {
        options->emit_metrics = false;
    }
}

static void apply_rule(const struct dp_rule *rule, struct dp_demand *demands)
{
    if (rule->off) {
        for (size_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
            demands[a].state = DP_ATTRIBUTE_RULED_OUT;
            demands[a].rule = rule->text;
        }
    }
    if (rule->has_check_load) {
        for (size_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
            if (!demands[a].present)
                continue;
            demands[a].options.check_load = rule->check_load;
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
        demand_memory(demands, rule);
}

/* Whole-program mode without rules: as if every function had DEEP_PROFILE(). */
static void demand_default(struct dp_demand *demand, const struct dp_site_request *request,
                           const struct dp_decide_settings *settings)
{
    struct dp_options_error error;
    demand->present = dp_options_parse(DP_ATTRIBUTE_PROFILE, "", &demand->options, &error) == 0;
    demand->state = judge(&demand->options, request, settings);
}

void dp_demands_gather(const struct dp_site_request *request,
                       const struct dp_decide_settings *settings,
                       struct dp_demand demands[DP_ATTRIBUTE_COUNT])
{
    const struct dp_rules *rules = settings->rules;
    memset(demands, 0, DP_ATTRIBUTE_COUNT * sizeof *demands);
    read_attributes(request, settings, demands);
    if (request->desc->flags & DP_SITE_WHOLE_PROGRAM && rules->count == 0)
        demand_default(&demands[DP_ATTRIBUTE_PROFILE], request, settings);
    for (size_t r = 0; r < rules->count; r++) {
        if (dp_rule_matches(&rules->rules[r], request->desc->function))
            apply_rule(&rules->rules[r], demands);
    }
}
