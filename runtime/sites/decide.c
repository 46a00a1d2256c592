/* See decide.h. */
#include "decide.h"

#include <string.h>

#include "base/sampler.h"
#include "common/threshold.h"

static uint32_t chance_of(double rate)
{
    return rate >= 1 ? UINT32_MAX : (uint32_t)(rate * 4294967296.0);
}

/* One call chosen with probability `rate` stands for 1/rate calls; the variance
 * of that estimate is (1 - rate)/rate^2 (Horvitz and Thompson 1952). A gate that works in a
 * share of the time chooses with that share of the probability. */
static void set_population(struct dp_site_config *config, double rate, uint8_t share_log2)
{
    struct dp_population *population = &config->population;
    population->copies = UINT64_C(1) << share_log2;
    if (config->always || rate >= 1 || (share_log2 && config->counted && !config->by_chance))
        rate = 1;
    if (!(rate > 0))
        return;
    rate /= (double)population->copies;
    if (rate < 1e-9)
        rate = 1e-9; /* what can be written */
    const double unit = DP_WEIGHT_UNIT, two_64 = 18446744073709551616.0;
    double variance = unit * (1 - rate) / (rate * rate);
    population->estimated = (uint64_t)(unit / rate + 0.5);
    population->variance_high = (uint64_t)(variance / two_64);
    population->variance = (uint64_t)(variance - (double)population->variance_high * two_64);
    if (rate < 1 && !population->variance)
        population->variance = 1; /* what is not exact needs an interval wider than 0 */
}

/* Kinds are chosen independently of each other: `missed` is the probability that none
 * chooses a call. */
static void choose_by_rate(struct dp_site_config *config, uint32_t kind, double rate,
                           double *missed)
{
    if (rate >= 1)
        config->always |= kind;
    else if (rate > 0)
        config->by_chance |= kind;
    *missed *= 1 - rate;
}

static bool keeps_the_calls_below(const struct dp_options *options)
{
    return options->strategy == DP_STRATEGY_CALL_GRAPH || options->strategy == DP_STRATEGY_TIME;
}

static void set_if_slow(struct dp_site_config *config, const struct dp_site_request *request,
                        const struct dp_decide_settings *settings,
                        const struct dp_options *options, double *missed)
{
    struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_IF_SLOW];
    probe->load_checked = false; /* cheap, and important under load */
    probe->memory = options->strategy == DP_STRATEGY_MEMORY;
    config->slow_threshold_ns = options->threshold_ns;
    config->slow_by_tick = !probe->memory && !keeps_the_calls_below(options) &&
                           options->threshold_ns >= DP_BY_TICK_FROM_NS;
    if (!config->slow_by_tick) {
        config->always |= DP_KIND(IF_SLOW);
    } else if (settings->slow_baseline > 0 && !(request->desc->flags & DP_SITE_WHOLE_PROGRAM)) {
        probe->chance = chance_of(settings->slow_baseline);
        choose_by_rate(config, DP_KIND(IF_SLOW), settings->slow_baseline, missed);
    }
}

static void set_probe(struct dp_site_config *config, const struct dp_site_request *request,
                      const struct dp_decide_settings *settings, const struct dp_options *options,
                      double *missed)
{
    uint32_t kind = 1u << options->attribute;
    struct dp_probe *probe = &config->probes[options->attribute];
    probe->event = options->emit_metrics;
    probe->chance = probe->event_chance = chance_of(options->rate);
    probe->duration_ns = options->duration_ns;
    probe->threshold = options->threshold_ns;
    probe->load_checked = options->check_load && settings->check_load;

    switch (options->attribute) {
    case DP_ATTRIBUTE_CALLS:
        probe->load_checked = false;
        config->counted = true;
        config->always_open |= !request->code_counts;
        return;
    case DP_ATTRIBUTE_IF_SLOW:
        set_if_slow(config, request, settings, options, missed);
        break;
    case DP_ATTRIBUTE_MEMORY:
        probe->load_checked = false;
        probe->memory = true;
        probe->threshold = options->threshold_bytes;
        config->always |= kind;
        break;
    default:
        probe->memory = options->strategy == DP_STRATEGY_MEMORY;
        probe->stacks = options->strategy == DP_STRATEGY_SAMPLE ||
                        options->strategy == DP_STRATEGY_FLAME_GRAPH;
        config->always_open |= options->strategy == DP_STRATEGY_CALLS;
        choose_by_rate(config, kind, options->rate, missed);
    }
    if (keeps_the_calls_below(options))
        config->trees |= kind;
    if (probe->load_checked)
        config->load_checked |= kind;
    if (probe->memory)
        config->memory |= kind;
}

/*
 * A call chosen by chance was chosen by at least one kind. The kinds are asked
 * in order; while none has chosen it, kind i does with probability
 * r_i / (1 - product of (1 - r_j), j >= i), which makes the last one certain.
 */
static void set_conditional_chances(struct dp_site_config *config)
{
    double missed = 1;
    for (int a = DP_ATTRIBUTE_COUNT - 1; a >= 0; a--) {
        struct dp_probe *probe = &config->probes[a];
        if (!(config->by_chance & 1u << a))
            continue;
        double rate = probe->chance / 4294967296.0;
        bool last = missed == 1;
        missed *= 1 - rate;
        probe->chance_if_needed = last ? UINT32_MAX : chance_of(rate / (1 - missed));
    }
}

static void set_weight(struct dp_site_config *config, double rate)
{
    int64_t by_chance = config->by_chance ? dp_sampler_weight(rate) : 0;
    config->always_open |= config->always != 0;
    config->weight = config->always_open ? DP_WEIGHT_ALWAYS : by_chance;
    config->chance_weight = config->always_open ? by_chance : 0;
}

/* Every call is timed: for the aggregates, and to find out whether it was slow. */
static bool only_times(const struct dp_site_config *config, uint32_t kinds)
{
    return kinds == DP_KIND(IF_SLOW) && config->always == kinds && !config->memory &&
           !config->trees && config->slow_threshold_ns;
}

/* Comes last, since it depends on the rest. Two kinds, memory, a tree or a threshold need
 * DP_PATH_GENERAL. */
static enum dp_path path_of(const struct dp_site_config *config)
{
    const struct dp_probe *probe = &config->probes[DP_ATTRIBUTE_PROFILE];
    uint32_t kinds = config->always | config->by_chance;
    if (!kinds)
        return config->always_open && config->population.copies == 1 ? DP_PATH_COUNT
                                                                     : DP_PATH_GENERAL;
    if (only_times(config, kinds))
        return DP_PATH_TIME_EVERY;
    if (kinds == DP_KIND(MEMORY) && !config->slow_threshold_ns)
        return DP_PATH_MEMORY_EVERY;
    if (kinds != DP_KIND(PROFILE) || config->memory || config->trees || config->slow_threshold_ns ||
        !probe->event || probe->threshold)
        return DP_PATH_GENERAL;
    if (config->always)
        return DP_PATH_RECORD_EVERY;
    return config->always_open ? DP_PATH_GENERAL : DP_PATH_RECORD_SAMPLED;
}

static void set_path(struct dp_site_config *config)
{
    const uint64_t compact = UINT64_C(1) << DP_CALL_DURATION_BITS;
    uint64_t below = 0;
    config->path = path_of(config);
    if (config->path == DP_PATH_RECORD_SAMPLED || config->path == DP_PATH_RECORD_EVERY)
        below = config->probes[DP_ATTRIBUTE_PROFILE].duration_ns + 1;
    else if (config->path == DP_PATH_TIME_EVERY)
        below = config->slow_threshold_ns;
    else
        return;
    config->short_below_ns = below < compact ? below : compact;
}

void dp_decide(const struct dp_site_request *request, const struct dp_decide_settings *settings,
               const struct dp_demand demands[DP_ATTRIBUTE_COUNT], struct dp_site_config *config)
{
    double missed = 1;
    /* including padding, since configurations are compared byte by byte */
    memset(config, 0, sizeof *config);
    config->slow_after = DP_SLOW_NEVER;
    config->after_inlining = (request->desc->flags & DP_SITE_WHOLE_PROGRAM) != 0;
    for (size_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        if (dp_demand_in_force(&demands[a]))
            set_probe(config, request, settings, &demands[a].options, &missed);
    }
    if (config->slow_by_tick)
        config->slow_after = dp_slow_after(config->slow_threshold_ns);
    set_population(config, 1 - missed, request->share_log2);
    set_conditional_chances(config);
    set_weight(config, 1 - missed);
    set_path(config);
}
