/* See configure.h. */
#include "configure.h"

#include <string.h>

#include "base/os.h"
#include "decide.h"
#include "log/process_log.h"
#include "thread/count_slots.h"
#include "thread/memory.h"

static struct dp_decide_settings settings;
static _Atomic uint64_t shortest_slow_ns = UINT64_MAX; /* the steward reads it */
static _Atomic uint64_t shortest_unlisted_ns = UINT64_MAX;
static _Atomic uint32_t pictures;
static bool trees_asked; /* under the registry's lock */

void dp_configure_init(const struct dp_decide_settings *in_force)
{
    settings = *in_force;
}

uint64_t dp_configure_shortest_slow_ns(void)
{
    return atomic_load_explicit(&shortest_slow_ns, memory_order_relaxed);
}

uint64_t dp_configure_shortest_unlisted_ns(void)
{
    return atomic_load_explicit(&shortest_unlisted_ns, memory_order_relaxed);
}

uint32_t dp_configure_pictures(void)
{
    return atomic_load_explicit(&pictures, memory_order_relaxed);
}

bool dp_configure_trees(void)
{
    return trees_asked;
}

static void note_threshold(const struct dp_site_config *config, uint32_t flags)
{
    uint64_t threshold = config->slow_threshold_ns;
    if (!threshold || !(config->slow_by_tick || config->trees))
        return;
    if (threshold < shortest_slow_ns)
        shortest_slow_ns = threshold;
    if (!(flags & DP_SITE_IN_FLIGHT) && threshold < shortest_unlisted_ns)
        shortest_unlisted_ns = threshold;
}

static void note_pictures(const struct dp_demand demands[DP_ATTRIBUTE_COUNT])
{
    static const enum dp_attribute drawn[] = {DP_ATTRIBUTE_PROFILE, DP_ATTRIBUTE_FLAME_GRAPH};
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
        const struct dp_options *options = &demands[drawn[i]].options;
        if (dp_demand_in_force(&demands[drawn[i]]) &&
            options->strategy == DP_STRATEGY_FLAME_GRAPH)
            pictures |= options->async ? DP_PICTURE_ASYNC : DP_PICTURE_AWAITED;
    }
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

uint32_t dp_read_switches(const struct dp_site_desc *desc)
{
    struct dp_options options;
    struct dp_options_error error;
    uint32_t switched_on = 0;
    for (uint32_t i = 0; i < desc->n_attributes; i++) {
        const struct dp_site_attribute *written = &desc->attributes[i];
        if (written->attribute < DP_ATTRIBUTE_COUNT && strstr(written->options, "enabled") &&
            dp_options_parse((enum dp_attribute)written->attribute, written->options, &options,
                             &error) == 0 &&
            options.enabled_by.length && environment_says_yes(options.enabled_by))
            switched_on |= 1u << written->attribute;
    }
    return switched_on;
}

static struct dp_site_request gather(const struct dp_site_state *state,
                                     struct dp_demand demands[DP_ATTRIBUTE_COUNT])
{
    struct dp_site_request request = {.desc = state->site->desc,
                                      .switched_on = state->switched_on,
                                      .share_log2 = state->share_log2};
    dp_demands_gather(&request, &settings, demands);
    return request;
}

bool dp_configure(uint32_t index, const struct dp_site_state *state)
{
    struct dp_demand demands[DP_ATTRIBUTE_COUNT];
    struct dp_site_config decided;
    struct dp_site_request request = gather(state, demands);
    if (request.desc->flags & DP_SITE_WHOLE_PROGRAM &&
        dp_demand_in_force(&demands[DP_ATTRIBUTE_CALLS])) /* else the gate counts its share */
        state->site->count_slot = state->share_log2 ? 0 : dp_count_slot_for(index);
    request.code_counts = state->site->count_slot != 0;
    dp_decide(&request, &settings, demands, &decided);
    note_pictures(demands);
    const struct dp_site_config *config = dp_site_config_publish(index, &decided);
    if (!config)
        return false;
    if (state->site->count_slot)
        dp_count_slot_set_events(state->site->count_slot,
                                 config->probes[DP_ATTRIBUTE_CALLS].event);
    if (config->memory)
        dp_memory_counted = true;
    trees_asked |= config->trees != 0;
    note_threshold(config, request.desc->flags);
    return true;
}

void dp_configure_log(uint32_t index, const struct dp_site_state *state)
{
    struct dp_demand demands[DP_ATTRIBUTE_COUNT];
    gather(state, demands);
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        const struct dp_demand *demand = &demands[a];
        if (!demand->present)
            continue;
        const struct dp_options *options = &demand->options;
        struct dp_event_site_attribute event = {
            .site = index,
            .attribute = a,
            .state = demand->state,
            .rate_ppb = (uint32_t)(options->rate * 1e9 + 0.5),
            .threshold =
                a == DP_ATTRIBUTE_MEMORY ? options->threshold_bytes : options->threshold_ns,
        };
        dp_log_site_attribute(&event, demand->text ? demand->text : "", demand->rule);
    }
}
