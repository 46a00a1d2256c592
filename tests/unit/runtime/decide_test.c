/*
 * What becomes of a site's options, environment, rules and settings: demands.h and decide.h.
 * Nothing of the runtime runs here.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "base/sampler.h"
#include "common/threshold.h"
#include "sites/decide.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)

struct given {
    struct dp_site_attribute attributes[DP_ATTRIBUTE_COUNT]; /* up to the first without text */
    uint32_t flags, switched_on;
    bool code_counts, ignores_load;
    uint8_t share_log2;
    const char *rules;
    uint32_t environment; /* 0: dev */
    double slow_baseline;
};

static struct dp_demand demands[DP_ATTRIBUTE_COUNT]; /* of the last site decided */

static struct dp_site_config decide(const struct given *given)
{
    static struct dp_rules rules;
    struct dp_site_desc desc = {.function = "f", .file = "f.c", .flags = given->flags,
                                .attributes = given->attributes};
    while (desc.n_attributes < DP_ATTRIBUTE_COUNT && given->attributes[desc.n_attributes].options)
        desc.n_attributes++;
    dp_rules_parse(given->rules ? given->rules : "1", &rules);
    CHECK(rules.on && rules.n_refused == 0);
    struct dp_decide_settings settings = {
        .rules = &rules,
        .environment = given->environment ? given->environment : DP_ENV_DEV,
        .check_load = !given->ignores_load,
        .slow_baseline = given->slow_baseline};
    struct dp_site_request request = {&desc, given->switched_on, given->code_counts,
                                      given->share_log2};
    struct dp_site_config config;
    memset(&config, 0xa5, sizeof config);
    dp_demands_gather(&request, &settings, demands);
    dp_decide(&request, &settings, demands, &config);
    return config;
}

#define DECIDE(...) decide(&(struct given){__VA_ARGS__})
#define WITH(...) .attributes = {__VA_ARGS__}
#define PROFILE(text) {text, DP_ATTRIBUTE_PROFILE, 0}
#define IF_SLOW(text) {text, DP_ATTRIBUTE_IF_SLOW, 0}
#define PRODUCTION(text) {text, DP_ATTRIBUTE_PRODUCTION, 0}
#define MEMORY(text) {text, DP_ATTRIBUTE_MEMORY, 0}
#define CALLS(text) {text, DP_ATTRIBUTE_CALLS, 0}
#define FLAME_GRAPH(text) {text, DP_ATTRIBUTE_FLAME_GRAPH, 0}

static uint32_t state_of(enum dp_attribute attribute)
{
    CHECK(demands[attribute].present);
    return demands[attribute].state;
}

/* That a call finds its gate open, by the weight alone. */
static double chance_at_gate(int64_t weight)
{
    return -expm1(-(double)weight / (double)(UINT64_C(1) << DP_BUDGET_MEAN_BITS));
}

static double probability(uint32_t chance)
{
    return chance == UINT32_MAX ? 1 : chance / 4294967296.0;
}

static void nothing_happens(const struct dp_site_config *config)
{
    CHECK(config->weight == 0 && config->slow_after == DP_SLOW_NEVER && !config->counted);
    CHECK(!config->always && !config->by_chance && !config->always_open);
    CHECK(config->path == DP_PATH_GENERAL && config->short_below_ns == 0);
}

static void without_attributes(void)
{
    struct dp_site_config config = DECIDE(.flags = 0);
    nothing_happens(&config);
}

static void profile(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("")));
    const uint64_t compact = UINT64_C(1) << DP_CALL_DURATION_BITS;
    CHECK(config.by_chance == DP_KIND(PROFILE) && config.always == 0 && !config.always_open);
    CHECK_WITHIN_SHARE(chance_at_gate(config.weight), 0.01, 1e-5);
    CHECK(config.chance_weight == 0);
    CHECK(config.load_checked == DP_KIND(PROFILE) && config.memory == 0);
    CHECK(config.path == DP_PATH_RECORD_SAMPLED);
    CHECK(config.short_below_ns == (compact < 30 * S + 1 ? compact : 30 * S + 1));
    CHECK(config.probes[DP_ATTRIBUTE_PROFILE].event);
    CHECK(config.probes[DP_ATTRIBUTE_PROFILE].duration_ns == 30 * S);
    CHECK(config.population.estimated == 100 * DP_WEIGHT_UNIT);
    CHECK_WITHIN(config.population.variance, 9900.0 * DP_WEIGHT_UNIT, 1);
    CHECK(config.population.variance_high == 0);
    CHECK(config.slow_after == DP_SLOW_NEVER && config.slow_threshold_ns == 0);
}

static void profile_of_every_call(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("rate=1, duration=5us")));
    CHECK(config.always == DP_KIND(PROFILE) && config.by_chance == 0 && config.always_open);
    CHECK(config.weight == DP_WEIGHT_ALWAYS && config.chance_weight == 0);
    CHECK(config.path == DP_PATH_RECORD_EVERY && config.short_below_ns == 5001);
    CHECK(config.population.estimated == DP_WEIGHT_UNIT && config.population.variance == 0);
}

static void profile_without_the_short_way(void)
{
    CHECK(DECIDE(WITH(PROFILE("rate=1, threshold=1ms"))).path == DP_PATH_GENERAL);
    CHECK(DECIDE(WITH(PROFILE("rate=1, emit_metrics=false"))).path == DP_PATH_GENERAL);
    CHECK(DECIDE(WITH(PROFILE("rate=1"), IF_SLOW("1s"))).path == DP_PATH_GENERAL);
    CHECK(DECIDE(WITH(PROFILE("rate=1"), MEMORY(""))).path == DP_PATH_GENERAL);
    CHECK(DECIDE(WITH(PROFILE(""), CALLS(""))).path == DP_PATH_GENERAL);
    CHECK(DECIDE(WITH(PROFILE(""), CALLS("")), .code_counts = true).path ==
          DP_PATH_RECORD_SAMPLED);
    CHECK(DECIDE(WITH(PROFILE("rate=1"), CALLS(""))).path == DP_PATH_RECORD_EVERY);
}

static void load_checks(void)
{
    CHECK(DECIDE(WITH(PROFILE("check_load=false"))).load_checked == 0);
    CHECK(DECIDE(WITH(PROFILE("")), .ignores_load = true).load_checked == 0);
    CHECK(DECIDE(WITH(PRODUCTION(""))).load_checked == DP_KIND(PRODUCTION));
    CHECK(DECIDE(WITH(IF_SLOW("1ms"), MEMORY(""), CALLS(""))).load_checked == 0);
}

/* People profile when there is load: what this run's rules request is recorded. */
static void a_rule_is_obeyed_under_load_unless_it_says_otherwise(void)
{
    const uint32_t whole = DP_SITE_WHOLE_PROGRAM;

    CHECK(DECIDE(.rules = "f:rate=1", .flags = whole).load_checked == 0);
    CHECK(DECIDE(.rules = "f:rate=1").load_checked == 0);
    CHECK(DECIDE(WITH(PROFILE("")), .rules = "f:rate=0.1").load_checked == 0);
    CHECK(DECIDE(WITH(PROFILE("check_load=true")), .rules = "f:rate=1").load_checked == 0);
    CHECK(DECIDE(WITH(PRODUCTION("")), .rules = "*:rate=0.1").load_checked == 0);
    CHECK(DECIDE(.rules = "f:rate=1,check_load=true").load_checked == DP_KIND(PROFILE));
    CHECK(DECIDE(.rules = "f:check_load=true,rate=1").load_checked == DP_KIND(PROFILE));
    CHECK(DECIDE(WITH(PRODUCTION("")), .rules = "*:rate=0.1,check_load=true").load_checked ==
          DP_KIND(PRODUCTION));
    /* Where the rule says nothing, the attribute decides. */
    CHECK(DECIDE(WITH(PROFILE("")), .rules = "g:rate=1").load_checked == DP_KIND(PROFILE));
    CHECK(DECIDE(WITH(PROFILE("")), .rules = "f:slow=1s").load_checked == DP_KIND(PROFILE));
    CHECK(DECIDE(.flags = whole).load_checked == DP_KIND(PROFILE));
    /* check_load alone changes the attribute that is there. */
    CHECK(DECIDE(WITH(PROFILE("")), .rules = "f:check_load=false").load_checked == 0);
    CHECK(DECIDE(WITH(PROFILE("check_load=false")), .rules = "f:check_load=true").load_checked ==
          DP_KIND(PROFILE));
    CHECK(DECIDE(.rules = "f:check_load=true").load_checked == 0);
    CHECK(DECIDE(.rules = "f:rate=1,check_load=true", .ignores_load = true).load_checked == 0);
}

static void if_slow(void)
{
    struct dp_site_config config = DECIDE(WITH(IF_SLOW("500ms")));
    const struct dp_probe *probe = &config.probes[DP_ATTRIBUTE_IF_SLOW];
    CHECK(config.slow_by_tick && config.slow_threshold_ns == 500 * MS);
    CHECK(config.slow_after == 250 * MS); /* from then on it is judged */
    CHECK(config.weight == 0 && !config.always && !config.by_chance);
    CHECK(config.path == DP_PATH_GENERAL);
    CHECK_WITHIN(probability(probe->event_chance), 0.1, 1e-9);
    CHECK(probe->event && !probe->load_checked);
}

/* The tick judges from 1 ms on. */
static void thresholds_below_the_ticks(void)
{
    struct dp_site_config above = DECIDE(WITH(IF_SLOW("1ms")));
    CHECK(above.slow_by_tick && above.slow_after == MS / 2);
    CHECK(above.weight == 0);
    struct dp_site_config below = DECIDE(WITH(IF_SLOW("999us")));
    CHECK(!below.slow_by_tick && below.slow_after == DP_SLOW_NEVER);
    CHECK(below.slow_threshold_ns == 999000 && below.always == DP_KIND(IF_SLOW));
    CHECK(below.path == DP_PATH_TIME_EVERY && below.short_below_ns == 999000);
    CHECK(below.short_below_ns <= UINT64_C(1) << DP_CALL_DURATION_BITS);
    CHECK(DECIDE(WITH(IF_SLOW("999us"), PROFILE("rate=1"))).path == DP_PATH_GENERAL);
    CHECK(below.weight == DP_WEIGHT_ALWAYS && below.population.estimated == DP_WEIGHT_UNIT);
}

static void slow_baseline(void)
{
    struct dp_site_config config = DECIDE(WITH(IF_SLOW("1s")), .slow_baseline = 0.01);
    CHECK(config.slow_by_tick && config.by_chance == DP_KIND(IF_SLOW) && !config.always);
    CHECK_WITHIN_SHARE(chance_at_gate(config.weight), 0.01, 1e-5);
    CHECK(config.population.estimated == 100 * DP_WEIGHT_UNIT);
    config = DECIDE(WITH(IF_SLOW("1s")), .slow_baseline = 1);
    CHECK(config.always == DP_KIND(IF_SLOW) && config.weight == DP_WEIGHT_ALWAYS);
    config = DECIDE(.rules = "f:slow=1s", .flags = DP_SITE_WHOLE_PROGRAM, .slow_baseline = 0.01);
    CHECK(config.slow_by_tick && config.weight == 0);
}

static void production(void)
{
    struct dp_site_config config = DECIDE(WITH(PRODUCTION("")));
    CHECK(config.by_chance == DP_KIND(PRODUCTION) && config.path == DP_PATH_GENERAL);
    CHECK_WITHIN_SHARE(chance_at_gate(config.weight), 0.001, 1e-5);
    CHECK_WITHIN_SHARE(config.population.estimated, 1000.0 * DP_WEIGHT_UNIT, 1e-9);
}

static void memory(void)
{
    struct dp_site_config config = DECIDE(WITH(MEMORY("10MB")));
    CHECK(config.always == DP_KIND(MEMORY) && config.memory == DP_KIND(MEMORY));
    CHECK(config.weight == DP_WEIGHT_ALWAYS && config.path == DP_PATH_MEMORY_EVERY);
    CHECK(DECIDE(WITH(IF_SLOW("1s"), MEMORY(""))).path == DP_PATH_GENERAL);
    CHECK(config.probes[DP_ATTRIBUTE_MEMORY].threshold == 10 * 1024 * 1024);
    CHECK(DECIDE(WITH(MEMORY(""))).probes[DP_ATTRIBUTE_MEMORY].threshold == 0);
}

static void the_memory_strategy(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("rate=0.5, strategy=memory")));
    CHECK(config.memory == DP_KIND(PROFILE) && config.path == DP_PATH_GENERAL);
    CHECK(config.by_chance == DP_KIND(PROFILE));
    config = DECIDE(WITH(IF_SLOW("1s, strategy=memory"))); /* what it used before must be known */
    CHECK(config.memory == DP_KIND(IF_SLOW) && config.always == DP_KIND(IF_SLOW));
    CHECK(!config.slow_by_tick && config.slow_after == DP_SLOW_NEVER);
    CHECK(config.slow_threshold_ns == 1 * S);
}

static void calls(void)
{
    struct dp_site_config config = DECIDE(WITH(CALLS("")), .code_counts = true);
    CHECK(config.counted && config.weight == 0 && !config.always_open);
    config = DECIDE(WITH(CALLS("")));
    CHECK(config.counted && config.weight == DP_WEIGHT_ALWAYS && config.path == DP_PATH_COUNT);
    CHECK(config.always == 0 && config.by_chance == 0 && config.chance_weight == 0);
    CHECK(config.probes[DP_ATTRIBUTE_CALLS].event);
}

static void the_calls_strategy(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("strategy=calls")));
    CHECK(config.always_open && config.weight == DP_WEIGHT_ALWAYS && !config.counted);
    CHECK(config.by_chance == DP_KIND(PROFILE) && config.path == DP_PATH_GENERAL);
    CHECK_WITHIN_SHARE(chance_at_gate(config.chance_weight), 0.01, 1e-5);
    CHECK(config.population.estimated == 100 * DP_WEIGHT_UNIT);
}

static void flame_graphs_are_of_every_call(void)
{
    struct dp_site_config config = DECIDE(WITH(FLAME_GRAPH("output=a.svg")));
    CHECK(config.always == DP_KIND(FLAME_GRAPH) && config.path == DP_PATH_GENERAL);
    CHECK(config.probes[DP_ATTRIBUTE_FLAME_GRAPH].event);
    CHECK(config.probes[DP_ATTRIBUTE_FLAME_GRAPH].duration_ns == UINT64_C(10000000000));
    CHECK(state_of(DP_ATTRIBUTE_FLAME_GRAPH) == DP_ATTRIBUTE_ON);
    DECIDE(WITH(FLAME_GRAPH("enabled=false")));
    CHECK(state_of(DP_ATTRIBUTE_FLAME_GRAPH) == DP_ATTRIBUTE_DISABLED);
}

static void environments(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("env=prod|test")));
    nothing_happens(&config);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_WRONG_ENV);
    CHECK(DECIDE(WITH(PROFILE("env=prod|test")), .environment = DP_ENV_TEST).weight > 0);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_ON);
    DECIDE(WITH(PROFILE(""), IF_SLOW("1s"), PRODUCTION(""), MEMORY(""), CALLS("")),
           .environment = DP_ENV_PROD);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_ON);
    CHECK(state_of(DP_ATTRIBUTE_PRODUCTION) == DP_ATTRIBUTE_ON);
    CHECK(state_of(DP_ATTRIBUTE_IF_SLOW) == DP_ATTRIBUTE_WRONG_ENV);
    CHECK(state_of(DP_ATTRIBUTE_MEMORY) == DP_ATTRIBUTE_WRONG_ENV);
    CHECK(state_of(DP_ATTRIBUTE_CALLS) == DP_ATTRIBUTE_WRONG_ENV);
}

static void switches(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("enabled=false")));
    nothing_happens(&config);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_DISABLED);
    config = DECIDE(WITH(PROFILE("enabled=MY_SWITCH")), .switched_on = DP_KIND(MEMORY));
    nothing_happens(&config);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_DISABLED);
    CHECK(DECIDE(WITH(PROFILE("enabled=MY_SWITCH")), .switched_on = DP_KIND(PROFILE)).weight > 0);
    config = DECIDE(WITH(PROFILE("no such option")));
    nothing_happens(&config);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_DISABLED);
}

static void without_events(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("emit_metrics=false")));
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_NO_EVENTS);
    CHECK(config.by_chance == DP_KIND(PROFILE) && !config.probes[DP_ATTRIBUTE_PROFILE].event);
}

static void by_rule(enum dp_attribute attribute, const char *rule)
{
    CHECK(state_of(attribute) == DP_ATTRIBUTE_BY_RULE);
    CHECK(demands[attribute].rule.length == strlen(rule) &&
          memcmp(demands[attribute].rule.text, rule, strlen(rule)) == 0);
}

static void rules_for_rates(void)
{
    struct dp_site_config config = DECIDE(.rules = "f:rate=1", .environment = DP_ENV_PROD);
    by_rule(DP_ATTRIBUTE_PROFILE, "f:rate=1");
    CHECK(config.path == DP_PATH_RECORD_EVERY);
    config = DECIDE(WITH(PROFILE("duration=2s, env=prod")), .rules = "f:rate=0.5");
    by_rule(DP_ATTRIBUTE_PROFILE, "f:rate=0.5");
    CHECK_WITHIN_SHARE(chance_at_gate(config.weight), 0.5, 1e-5);
    CHECK(config.probes[DP_ATTRIBUTE_PROFILE].duration_ns == 2 * S);
    config = DECIDE(WITH(PRODUCTION("")), .rules = "f:rate=0.5");
    CHECK(config.by_chance == DP_KIND(PRODUCTION) && !demands[DP_ATTRIBUTE_PROFILE].present);
    config = DECIDE(WITH(PROFILE(""), PRODUCTION("")), .rules = "f:rate=1");
    CHECK(config.always == DP_KIND(PROFILE) && config.by_chance == DP_KIND(PRODUCTION));
    config = DECIDE(.rules = "g:rate=1");
    nothing_happens(&config);
}

static void rules_for_the_rest(void)
{
    struct dp_site_config config = DECIDE(.rules = "f:slow=100ms,calls,memory=1KB");
    CHECK(config.slow_by_tick && config.slow_threshold_ns == 100 * MS && config.counted);
    CHECK(config.probes[DP_ATTRIBUTE_IF_SLOW].event_chance == UINT32_MAX);
    CHECK(config.always == DP_KIND(MEMORY));
    CHECK(config.probes[DP_ATTRIBUTE_MEMORY].threshold == 1024);
    CHECK(config.probes[DP_ATTRIBUTE_MEMORY].event);
    /* Without a size there are totals, and an event of every call only where asked for. */
    config = DECIDE(.rules = "f:memory");
    CHECK(config.memory && !config.probes[DP_ATTRIBUTE_MEMORY].event);
    config = DECIDE(.rules = "f:memory=0");
    CHECK(config.memory && config.probes[DP_ATTRIBUTE_MEMORY].event);
    config = DECIDE(WITH(MEMORY("10MB")), .rules = "f:memory", .environment = DP_ENV_PROD);
    CHECK(config.probes[DP_ATTRIBUTE_MEMORY].event);
    CHECK(config.probes[DP_ATTRIBUTE_MEMORY].threshold == 10 << 20);
    config = DECIDE(WITH(PROFILE(""), MEMORY("")), .rules = "f:off");
    nothing_happens(&config);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_RULED_OUT);
    config = DECIDE(WITH(PROFILE(""), MEMORY("")), .rules = "f:off;f:calls");
    CHECK(config.always == 0 && config.by_chance == 0 && config.counted);
    CHECK(DECIDE(WITH(PROFILE("")), .rules = "g:off").by_chance == DP_KIND(PROFILE));
}

static void whole_program(void)
{
    struct dp_site_config config = DECIDE(.flags = DP_SITE_WHOLE_PROGRAM);
    CHECK(config.by_chance == DP_KIND(PROFILE) && config.path == DP_PATH_RECORD_SAMPLED);
    CHECK_WITHIN_SHARE(chance_at_gate(config.weight), 0.01, 1e-5);
    CHECK(state_of(DP_ATTRIBUTE_PROFILE) == DP_ATTRIBUTE_ON);
    config = DECIDE(.flags = DP_SITE_WHOLE_PROGRAM, .rules = "g:rate=1");
    nothing_happens(&config);
}

/* How many calls one sampled call stands for is known, however low the rate. */
static void populations(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("rate=0.000000001")));
    CHECK(config.population.estimated == UINT64_C(65536000000000));
    CHECK(config.population.variance_high == 3552); /* 1e18 * 65536 / 2^64 */
    config = DECIDE(WITH(PROFILE("rate=0.999999999")));
    CHECK(config.population.variance > 0);
    config = DECIDE(WITH(PROFILE("rate=0.5"), MEMORY("")));
    CHECK(config.always_open && config.population.estimated == DP_WEIGHT_UNIT);
    CHECK(config.population.variance == 0);
    CHECK_WITHIN_SHARE(chance_at_gate(config.chance_weight), 0.5, 1e-5);
}

/* A gate that works in an eighth of the time: each call that it chooses stands for those of the
 * other seven. */
static void shares_of_the_time(void)
{
    struct dp_site_config config = DECIDE(WITH(PROFILE("rate=0.25")), .share_log2 = 3);
    CHECK(config.population.estimated == 32 * DP_WEIGHT_UNIT);
    CHECK(config.population.variance == 31 * 32 * DP_WEIGHT_UNIT);
    CHECK(config.population.copies == 8);
    config = DECIDE(WITH(PROFILE("rate=1")), .share_log2 = 3);
    CHECK(config.population.estimated == 8 * DP_WEIGHT_UNIT && config.population.variance > 0);
    CHECK(config.path == DP_PATH_RECORD_EVERY && config.weight == DP_WEIGHT_ALWAYS);
    config = DECIDE(WITH(PROFILE("rate=1")));
    CHECK(config.population.copies == 1 && config.population.variance == 0);
    /* what the gate counts stands for more, too; what the code counts is exact */
    config = DECIDE(.flags = DP_SITE_WHOLE_PROGRAM, .rules = "f:calls", .share_log2 = 4);
    CHECK(config.path == DP_PATH_GENERAL && config.always_open);
    CHECK(config.population.estimated == 16 * DP_WEIGHT_UNIT && config.population.copies == 16);
}

/* The probability of every set of kinds, as choose_kinds() of enter.c comes to them. */
static void walk(const struct dp_site_config *config, uint32_t left, uint32_t chosen, double p,
                 double *sets)
{
    if (!left) {
        sets[chosen] += p;
        return;
    }
    uint32_t kind = left & -left;
    const struct dp_probe *probe = &config->probes[__builtin_ctz(kind)];
    double yes = probability(chosen ? probe->chance : probe->chance_if_needed);
    walk(config, left & ~kind, chosen | kind, p * yes, sets);
    walk(config, left & ~kind, chosen, p * (1 - yes), sets);
}

/* With any combination of requests, each set of kinds is as likely as if every kind had
 * drawn for itself. */
static void kinds_are_independent(const struct dp_site_config *config, const double *rates)
{
    double sets[1 << DP_ATTRIBUTE_COUNT] = {0};
    double open = chance_at_gate(config->weight), none = 1;
    walk(config, config->by_chance, 0, open, sets);
    CHECK(sets[0] == 0); /* a gate that chance opened is for some kind */
    for (uint32_t set = 1; set < 1 << DP_ATTRIBUTE_COUNT; set++) {
        double expected = 1;
        for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++)
            expected *= set & 1u << a ? rates[a] : 1 - rates[a];
        CHECK_WITHIN(sets[set], expected, 1e-6);
    }
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++)
        none *= 1 - rates[a];
    CHECK_WITHIN(1 - open, none, 1e-6);
    CHECK_WITHIN_SHARE(config->population.estimated, DP_WEIGHT_UNIT / (1 - none), 1e-4);
}

static void two_kinds_of_sampling(void)
{
    const double rates[DP_ATTRIBUTE_COUNT] = {[DP_ATTRIBUTE_PROFILE] = 0.3,
                                              [DP_ATTRIBUTE_PRODUCTION] = 0.2};
    struct dp_site_config config = DECIDE(WITH(PROFILE("rate=0.3"), PRODUCTION("rate=0.2")));
    CHECK(config.path == DP_PATH_GENERAL);
    CHECK(config.by_chance == (DP_KIND(PROFILE) | DP_KIND(PRODUCTION)));
    kinds_are_independent(&config, rates);
}

static void three_kinds_of_sampling(void)
{
    const double rates[DP_ATTRIBUTE_COUNT] = {[DP_ATTRIBUTE_PROFILE] = 0.01,
                                              [DP_ATTRIBUTE_IF_SLOW] = 0.7,
                                              [DP_ATTRIBUTE_PRODUCTION] = 0.5};
    struct dp_site_config config =
        DECIDE(WITH(PRODUCTION("rate=0.5"), IF_SLOW("1s"), PROFILE("")), .slow_baseline = 0.7);
    kinds_are_independent(&config, rates);
}

/* They are compared byte by byte, to see whether there is something to publish. */
static void the_same_twice(void)
{
    struct given given = {WITH(PROFILE("rate=0.3"), IF_SLOW("1s"), MEMORY("")),
                          .rules = "f:calls"};
    struct dp_site_config first = decide(&given), second = decide(&given);
    CHECK(memcmp(&first, &second, offsetof(struct dp_site_config, version)) == 0);
    CHECK(first.version == 0 && first.from_ns == 0 && first.from_tick == 0 && !first.older);
}

int main(void)
{
    dp_sampler_init();
    without_attributes();
    profile();
    profile_of_every_call();
    profile_without_the_short_way();
    load_checks();
    a_rule_is_obeyed_under_load_unless_it_says_otherwise();
    if_slow();
    thresholds_below_the_ticks();
    slow_baseline();
    production();
    memory();
    the_memory_strategy();
    calls();
    the_calls_strategy();
    flame_graphs_are_of_every_call();
    environments();
    switches();
    without_events();
    rules_for_rates();
    rules_for_the_rest();
    whole_program();
    populations();
    shares_of_the_time();
    two_kinds_of_sampling();
    three_kinds_of_sampling();
    the_same_twice();
    return 0;
}
