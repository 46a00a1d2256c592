/* See sites.h. The one place where options become weights. */
#include "sites.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "budget.h"
#include "lane.h"
#include "process_log.h"
#include "lock.h"
#include "memory.h"
#include "os.h"
#include "peek.h"
#include "process.h"
#include "sampler.h"
#include "settings.h"

#define MAX_MODULES 1024
#define ID_TABLE (2 * DP_MAX_SITES)

struct dp_site_state *dp_sites;
uint32_t dp_n_sites;

static struct dp_lock registry_lock;
static const struct dp_rules *rules;
static uint32_t environment;
static bool load_checks;
static double baseline_rate;
static uint32_t n_counted;
static _Atomic uint64_t shortest_slow_ns = UINT64_MAX; /* the steward follows it */

static uint32_t *ids; /* index by hash of the site's identity; 0: free */

static struct module {
    struct dp_site *start;
    uint32_t first, count; /* their indices */
} modules[MAX_MODULES];
static uint32_t n_modules;

int dp_sites_init(const struct dp_rules *active_rules, uint32_t env, bool check_load,
                  double slow_baseline)
{
    rules = active_rules;
    environment = env;
    load_checks = check_load;
    baseline_rate = slow_baseline;
    dp_sites = dp_os_map_memory(DP_MAX_SITES * sizeof *dp_sites);
    ids = dp_os_map_memory(ID_TABLE * sizeof *ids);
    return dp_sites && ids ? 0 : -ENOMEM;
}

void dp_sites_unlock(void)
{
    dp_lock_init(&registry_lock);
}

uint32_t dp_sites_counted(void)
{
    return n_counted;
}

uint64_t dp_sites_shortest_slow_ns(void)
{
    return atomic_load_explicit(&shortest_slow_ns, memory_order_relaxed);
}

/* Stable across builds that keep function, file and line. */
static uint64_t site_id(const char *module, const struct dp_site_desc *desc)
{
    XXH64_state_t state;
    XXH64_reset(&state, 0);
    XXH64_update(&state, module, strlen(module) + 1);
    XXH64_update(&state, desc->file, strlen(desc->file) + 1);
    XXH64_update(&state, desc->function, strlen(desc->function) + 1);
    XXH64_update(&state, &desc->line, sizeof desc->line);
    return XXH64_digest(&state);
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

/* Asked once: later the host may be writing to its environment in another thread. */
static void read_switches(struct dp_site_state *state)
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
    state->estimated = (uint64_t)(unit / rate + 0.5);
    state->variance_high = (uint64_t)(variance / two_64);
    state->variance = (uint64_t)(variance - (double)state->variance_high * two_64);
    if (rate < 1 && !state->variance)
        state->variance = 1; /* no interval of width 0 around what is not exact */
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

/* The shortest way through enter.c: every call leaves its record. */
static void set_simple(struct dp_site_state *state)
{
    const struct dp_probe *probe = &state->probes[DP_ATTRIBUTE_PROFILE];
    const uint64_t compact = (UINT64_C(1) << DP_CALL_DURATION_BITS) - 1;
    state->simple = state->always == DP_KIND(PROFILE) && !state->by_chance && !state->memory &&
                    !state->slow_threshold_ns && probe->event && !probe->threshold;
    state->count_only = state->count_at_gate && !state->always && !state->by_chance;
    state->simple_limit_ns = probe->duration_ns < compact ? probe->duration_ns : compact;
}

/* The counter that the code itself keeps. */
static void give_count_slot(struct dp_site *site, uint32_t index)
{
    uint32_t *sites_of_slots = dp_process_state()->counted_site;
    for (uint32_t slot = 1; slot <= n_counted; slot++) {
        if (sites_of_slots[slot] == index) {
            site->count_slot = slot;
            return;
        }
    }
    if (n_counted + 1 < DP_MAX_COUNTED && dp_lanes_allow_counted(n_counted + 1) == 0) {
        site->count_slot = ++n_counted;
        sites_of_slots[n_counted] = index;
    }
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

static void decide(uint32_t index, struct dp_site_state *state)
{
    struct demand demands[DP_ATTRIBUTE_COUNT];
    double missed = 1; /* probability that no kind chooses a call */
    gather_demands(state, demands);
    state->slow_after = DP_SLOW_NEVER;
    if (state->site->desc->flags & DP_SITE_WHOLE_PROGRAM && in_force(&demands[DP_ATTRIBUTE_CALLS]))
        give_count_slot(state->site, index);
    for (size_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        if (in_force(&demands[a]))
            set_probe(state, &demands[a], &missed);
    }
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

static const char *module_name(const void *address)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || !info.dli_fname || !*info.dli_fname)
        return dp_process_program(); /* static programs */
    const char *slash = strrchr(info.dli_fname, '/');
    return slash ? slash + 1 : info.dli_fname;
}

/* Copies of one inline function share a site: the same index by identity.
 * Returns where the index of `id` stands, or belongs (open addressing; the
 * table is twice as large as there can be sites). */
static uint32_t *slot_of(uint64_t id)
{
    uint32_t at = (uint32_t)(id % ID_TABLE);
    while (ids[at] && dp_sites[ids[at]].id != id)
        at = (at + 1) % ID_TABLE;
    return &ids[at];
}

static void open_gate(struct dp_site *site, const struct dp_site_state *state)
{
    uint64_t slow_after = state->slow_after;
    if (site->desc->flags & DP_SITE_WHOLE_PROGRAM && (state->weight || site->count_slot))
        slow_after += DP_ASK;
    dp_poke(&site->weight, (uint64_t)state->weight);
    dp_poke(&site->slow_after, slow_after);
}

/* Strings that must outlive their module. Never freed; NULL when out of memory. */
static const char *keep(const char *string)
{
    static char *block;
    static size_t left;
    size_t bytes = strlen(string) + 1;
    if (bytes > left) {
        size_t size = bytes > 65536 ? bytes : 65536;
        block = dp_budget_take_for_good(size) ? dp_os_map_memory(size) : NULL;
        left = block ? size : 0;
    }
    if (bytes > left)
        return NULL;
    char *copy = memcpy(block, string, bytes);
    block += bytes;
    left -= bytes;
    return copy;
}

static const char *keep_name(const char *name)
{
    const char *kept = keep(name);
    return kept ? kept : "?";
}

static void keep_names(struct dp_site_state *state, const struct dp_site_desc *desc,
                       const char *module)
{
    state->names = (struct dp_record_site){
        .function = keep_name(desc->function),
        .file = keep_name(desc->file),
        .module = keep_name(module),
        .line = desc->line,
    };
    for (uint32_t i = 0; i < desc->n_attributes; i++) {
        if (desc->attributes[i].attribute < DP_ATTRIBUTE_COUNT)
            state->options[desc->attributes[i].attribute] = keep(desc->attributes[i].options);
    }
}

/* Another build of a module that was unloaded, or the same one after its switches
 * were turned, asks for something else than it did. */
static bool asks_for_the_same(const struct dp_site_state *state)
{
    const struct dp_site_desc *desc = state->site->desc;
    struct dp_site_state now = {.site = state->site};
    const char *options[DP_ATTRIBUTE_COUNT] = {NULL};
    read_switches(&now);
    for (uint32_t i = 0; i < desc->n_attributes; i++) {
        if (desc->attributes[i].attribute < DP_ATTRIBUTE_COUNT)
            options[desc->attributes[i].attribute] = desc->attributes[i].options;
    }
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        if (!options[a] != !state->options[a] ||
            (options[a] && strcmp(options[a], state->options[a]) != 0))
            return false;
    }
    return now.switched_on == state->switched_on;
}

/* Everything about a site but its identity. */
static void describe(uint32_t index, struct dp_site_state *state, const char *module)
{
    const struct dp_word no_rule = {"", 0};
    const char *before[DP_ATTRIBUTE_COUNT];
    memset(state, 0, offsetof(struct dp_site_state, site));
    memcpy(before, state->options, sizeof before);
    memset(state->options, 0, sizeof state->options);
    state->switched_on = 0;
    keep_names(state, state->site->desc, module);
    read_switches(state);
    dp_log_site(index, state->id, state->site->desc, module);
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        struct dp_event_site_attribute gone = {
            .site = index, .attribute = a, .state = DP_ATTRIBUTE_DISABLED};
        if (before[a] && !state->options[a])
            dp_log_site_attribute(&gone, before[a], no_rule);
    }
    decide(index, state);
}

static void add_site(struct dp_site *site, const char *module)
{
    uint64_t id = site_id(module, site->desc);
    uint32_t *slot = slot_of(id);
    bool known = *slot != 0;
    if (!known && (dp_n_sites + 1 >= DP_MAX_SITES ||
                   !dp_budget_take_for_good(sizeof *dp_sites + sizeof *ids))) {
        dp_process_lost(DP_LOSS_SITES, 1);
        return;
    }
    uint32_t index = known ? *slot : dp_n_sites + 1;
    struct dp_site_state *state = &dp_sites[index];
    bool loaded_again = known && !state->site;
    state->site = site;
    if (site->desc->flags & DP_SITE_COUNTED ||
        (known && state->probes[DP_ATTRIBUTE_CALLS].chance))
        give_count_slot(site, index);
    if (!known) {
        *slot = index;
        state->id = id;
        describe(index, state, module);
        dp_n_sites = index;
        dp_process_state()->sites = index;
    } else if (loaded_again && !asks_for_the_same(state)) {
        describe(index, state, module);
    }
    /* Where counting is not in force the code counts into slot 0, nobody's. */
    if (site->count_slot && !state->probes[DP_ATTRIBUTE_CALLS].chance)
        site->count_slot = 0;
    site->index = index;
    open_gate(site, state);
}

static struct module *find_module(const struct dp_site *start)
{
    for (uint32_t i = 0; i < n_modules; i++) {
        if (modules[i].start == start)
            return &modules[i];
    }
    return NULL;
}

void dp_sites_add(struct dp_site *start, struct dp_site *stop)
{
    struct dp_os_signals saved;
    const char *module = module_name(start);
    dp_lock_take(&registry_lock, &saved);
    if (!find_module(start)) {
        struct module *slot = find_module(NULL);
        if (!slot && n_modules < MAX_MODULES)
            slot = &modules[n_modules++];
        for (struct dp_site *site = start; site < stop; site++) {
            if (slot)
                add_site(site, module);
            else
                dp_process_lost(DP_LOSS_SITES, 1);
        }
        if (slot)
            *slot = (struct module){.start = start, .count = (uint32_t)(stop - start)};
    }
    dp_lock_give(&registry_lock, &saved);
}

static void close_gates(const struct module *module)
{
    for (uint32_t i = 0; module->start && i < module->count; i++) {
        dp_poke(&module->start[i].weight, 0);
        dp_poke(&module->start[i].slow_after, DP_SLOW_NEVER);
    }
}

void dp_sites_remove(struct dp_site *start)
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved);
    struct module *module = find_module(start);
    if (module) {
        close_gates(module); /* at exit, threads may still run its code */
        for (uint32_t i = 1; i <= dp_n_sites; i++) {
            if (dp_sites[i].site >= start && dp_sites[i].site < start + module->count)
                dp_sites[i].site = NULL;
        }
        module->start = NULL;
    }
    dp_lock_give(&registry_lock, &saved);
}

void dp_sites_close(void)
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved);
    for (uint32_t m = 0; m < n_modules; m++)
        close_gates(&modules[m]);
    dp_lock_give(&registry_lock, &saved);
}

/* Every site of a module that is loaded. */
static void for_each_site(void (*visit)(struct dp_site *, struct dp_site_state *))
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved); /* another thread may unload a module */
    for (uint32_t m = 0; m < n_modules; m++) {
        for (uint32_t i = 0; modules[m].start && i < modules[m].count; i++) {
            struct dp_site *site = &modules[m].start[i];
            struct dp_site_state *state = &dp_sites[site->index];
            if (site->index && state->site == site)
                visit(site, state);
        }
    }
    dp_lock_give(&registry_lock, &saved);
}

/* The module's name is not asked of the dynamic linker: its lock may be held for
 * good. */
static void log_site(const struct dp_site *site, const struct dp_site_state *state)
{
    dp_log_site(site->index, state->id, site->desc, state->names.module ? state->names.module : "");
}

static void decide_again(struct dp_site *site, struct dp_site_state *state)
{
    log_site(site, state);
    memset(state, 0, offsetof(struct dp_site_state, site));
    decide(site->index, state);
    open_gate(site, state);
}

static void log_again(struct dp_site *site, struct dp_site_state *state)
{
    struct demand demands[DP_ATTRIBUTE_COUNT];
    log_site(site, state);
    gather_demands(state, demands);
    log_decisions(site->index, demands);
}

void dp_sites_log_all(void)
{
    for_each_site(decide_again);
}

void dp_sites_log_again(void)
{
    for_each_site(log_again);
}
