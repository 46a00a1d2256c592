/*
 * Tests of common/options.h and common/values.h: what every option accepts, what it
 * defaults to, and the message of each mistake. One table row a case.
 */
#include "common/event_keys.h"
#include "common/options.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static struct dp_options parse(enum dp_attribute attribute, const char *text)
{
    struct dp_options options;
    struct dp_options_error error;
    int result = dp_options_parse(attribute, text, &options, &error);
    CHECK(result == 0, "\"%s\": %s", text, error.message);
    return options;
}

static bool same(struct dp_word word, const char *text)
{
    return dp_word_is(word, text);
}

#define ALL_ENVS (DP_ENV_DEV | DP_ENV_TEST | DP_ENV_PROD)
#define SECONDS UINT64_C(1000000000)

static void defaults_follow_the_guide(void)
{
    struct dp_options o = parse(DP_ATTRIBUTE_PROFILE, "");
    CHECK(o.strategy == DP_STRATEGY_SAMPLE && o.rate == 0.01, "rate %g", o.rate);
    CHECK(o.duration_ns == 30 * SECONDS && o.threshold_ns == 0, "profile");
    CHECK(o.env == ALL_ENVS && o.enabled && !o.async && o.emit_metrics && o.check_load, "profile");
    CHECK(o.n_metadata == 0 && o.given == 0 && o.enabled_by.length == 0, "profile");

    o = parse(DP_ATTRIBUTE_IF_SLOW, "threshold=1s");
    CHECK(o.strategy == DP_STRATEGY_SAMPLE && o.rate == 0.1, "rate %g", o.rate);
    CHECK(o.threshold_ns == SECONDS && o.env == (DP_ENV_DEV | DP_ENV_TEST), "if_slow");

    o = parse(DP_ATTRIBUTE_PRODUCTION, " ");
    CHECK(o.rate == 0.001 && o.check_load && o.emit_metrics && o.env == ALL_ENVS, "production");

    o = parse(DP_ATTRIBUTE_MEMORY, "");
    CHECK(o.strategy == DP_STRATEGY_MEMORY && o.rate == 1 && o.threshold_bytes == 0, "memory");
    CHECK(o.env == (DP_ENV_DEV | DP_ENV_TEST) && o.emit_metrics && !o.check_load, "memory");

    o = parse(DP_ATTRIBUTE_CALLS, "");
    CHECK(o.strategy == DP_STRATEGY_CALLS && o.env == (DP_ENV_DEV | DP_ENV_TEST), "calls");

    o = parse(DP_ATTRIBUTE_FLAME_GRAPH, "");
    CHECK(o.strategy == DP_STRATEGY_FLAME_GRAPH && o.format == DP_FORMAT_SVG, "flame_graph");
    CHECK(o.duration_ns == 10 * SECONDS && o.output.length == 0 && o.enabled, "flame_graph");
}

static void every_option_is_read(void)
{
    struct dp_options o =
        parse(DP_ATTRIBUTE_PROFILE, "strategy=call_graph, rate=0.5, duration=2min,threshold=1.5s, "
                                    "env=dev | prod, enabled=false, async=true, emit_metrics=off, "
                                    "check_load=0, metadata=team:db, metadata=\"why:a, b\"");
    CHECK(o.strategy == DP_STRATEGY_CALL_GRAPH && o.rate == 0.5, "rate %g", o.rate);
    CHECK(o.duration_ns == 120 * SECONDS && o.threshold_ns == 1500000000, "times");
    CHECK(o.env == (DP_ENV_DEV | DP_ENV_PROD) && !o.enabled && o.async, "switches");
    CHECK(!o.emit_metrics && !o.check_load && o.n_metadata == 2, "switches");
    CHECK(same(o.metadata_key[0], "team") && same(o.metadata_value[0], "db"), "metadata");
    CHECK(same(o.metadata_key[1], "why") && same(o.metadata_value[1], "a, b"), "metadata");
    CHECK(o.given == ((1u << DP_OPTION_STRATEGY) | (1u << DP_OPTION_RATE) |
                      (1u << DP_OPTION_DURATION) | (1u << DP_OPTION_THRESHOLD) |
                      (1u << DP_OPTION_ENV) | (1u << DP_OPTION_ENABLED) | (1u << DP_OPTION_ASYNC) |
                      (1u << DP_OPTION_EMIT_METRICS) | (1u << DP_OPTION_CHECK_LOAD) |
                      (1u << DP_OPTION_METADATA)),
          "given %x", o.given);

    o = parse(DP_ATTRIBUTE_IF_SLOW, "500, rate=1, strategy=memory, env=prod");
    CHECK(o.threshold_ns == 500000000 && o.rate == 1 && o.env == DP_ENV_PROD, "if_slow");
    CHECK(o.strategy == DP_STRATEGY_MEMORY, "if_slow");
    CHECK(parse(DP_ATTRIBUTE_IF_SLOW, "250us").threshold_ns == 250000, "positional");
    CHECK(parse(DP_ATTRIBUTE_MEMORY, "10MB").threshold_bytes == 10u << 20, "positional");
    CHECK(parse(DP_ATTRIBUTE_MEMORY, "threshold=10000000").threshold_bytes == 10000000, "bytes");
    CHECK(parse(DP_ATTRIBUTE_PRODUCTION, "sample_rate=0.05").rate == 0.05, "sample_rate");
    CHECK(parse(DP_ATTRIBUTE_PRODUCTION, "rate=1e-4").rate == 1e-4, "exponent");
    CHECK(parse(DP_ATTRIBUTE_PROFILE, "rate=.25").rate == 0.25, "no leading 0");
    CHECK(parse(DP_ATTRIBUTE_PROFILE, "rate=0").rate == 0, "rate 0");
    CHECK(parse(DP_ATTRIBUTE_PROFILE, "strategy=eprof").strategy == DP_STRATEGY_TIME, "eprof");
    CHECK(parse(DP_ATTRIBUTE_PROFILE, "strategy=fprof").strategy == DP_STRATEGY_CALL_GRAPH,
          "fprof");
    CHECK(parse(DP_ATTRIBUTE_PROFILE, "strategy=cprof").strategy == DP_STRATEGY_CALLS, "cprof");
    CHECK(parse(DP_ATTRIBUTE_PROFILE, "strategy=\"time\"").strategy == DP_STRATEGY_TIME, "quoted");

    o = parse(DP_ATTRIBUTE_CALLS, "enabled=MY_SWITCH, metadata=k:\"a, b\", metadata=url:http://x");
    CHECK(same(o.enabled_by, "MY_SWITCH"), "enabled by a variable");
    CHECK(same(o.metadata_value[0], "a, b") && same(o.metadata_value[1], "http://x"), "metadata");
    CHECK(parse(DP_ATTRIBUTE_CALLS, "enabled=true").enabled_by.length == 0, "enabled");
    CHECK(same(parse(DP_ATTRIBUTE_CALLS, "enabled=notify_2").enabled_by, "notify_2"), "variable");

    o = parse(DP_ATTRIBUTE_FLAME_GRAPH, "output=\"a, b.svg\", format=svg, duration=500ms");
    CHECK(same(o.output, "a, b.svg") && o.duration_ns == SECONDS / 2, "output");
    CHECK(parse(DP_ATTRIBUTE_FLAME_GRAPH, "output=x.html").format == DP_FORMAT_HTML, "by ending");
    CHECK(parse(DP_ATTRIBUTE_FLAME_GRAPH, "format=json").format == DP_FORMAT_JSON, "format");
    o = parse(DP_ATTRIBUTE_PROFILE, "strategy=flame_graph, output=x.json, enabled=DEEP_PROFILE");
    CHECK(o.format == DP_FORMAT_JSON && same(o.output, "x.json"), "profile's flame graph");
}

/* bad: the word the error points at, first occurrence in the text unless `last`. */
static const struct mistake {
    enum dp_attribute attribute;
    const char *text, *bad, *message, *suggestion;
} mistakes[] = {
#define P DP_ATTRIBUTE_PROFILE
#define S DP_ATTRIBUTE_IF_SLOW
#define R DP_ATTRIBUTE_PRODUCTION
#define M DP_ATTRIBUTE_MEMORY
#define C DP_ATTRIBUTE_CALLS
#define F DP_ATTRIBUTE_FLAME_GRAPH
    {P, "async=true, rtae=0.5", "rtae",
     "profile has no option 'rtae': expected threshold, strategy, rate, duration, env, enabled, "
     "async, emit_metrics, check_load, output, format or metadata",
     "rate"},
    {P, "colour=red", "colour", "profile has no option 'colour'", ""},
    {P, "Rate=0.5", "Rate", "profile has no option 'Rate'", "rate"},
    {C, "rate=0.5", "rate", "profile_calls has no option 'rate': expected env, enabled, "
                            "emit_metrics or metadata", ""},
    {R, "sampling_rate=0.5", "sampling_rate", "profile_production has no option", "sample_rate"},
    {P, "rate=1.5", "1.5", "rate '1.5' is outside 0 to 1", ""},
    {P, "rate=-0.1", "-0.1", "rate '-0.1' is outside 0 to 1", ""},
    {P, "rate=5%", "5%", "rate '5%' is not a number from 0 to 1", "0.05"},
    {P, "rate=MY_RATE", "MY_RATE",
     "rate 'MY_RATE' is not a number from 0 to 1; macros are not expanded here", ""},
    {P, "rate=often", "often", "rate 'often' is not a number from 0 to 1", ""},
    {P, "rate=", "rate", "'rate' has no value", ""},
    {P, "rate=0,5", "5", "'5' is not an option: expected key=value", "threshold=5"},
    {P, "rate=0.5, rate=0.5", "rate=0.5", "'rate' is given twice", ""},
    {R, "rate=0.5, sample_rate=0.5", "sample_rate", "rate and sample_rate are one option", ""},
    {P, "strategy=callgraph", "callgraph",
     "'callgraph' is not a strategy: expected sample, time, call_graph, calls, memory, "
     "flame_graph, eprof, fprof or cprof",
     "call_graph"},
    {P, "strategy=gprof", "gprof", "'gprof' is not a strategy", "eprof"},
    {P, "call_graph", "call_graph", "'call_graph' is not an option: expected key=value",
     "strategy=call_graph"},
    {P, "0.5", "0.5", "'0.5' is not an option", "rate=0.5"},
    {R, "0.5", "0.5", "'0.5' is not an option", "rate=0.5"},
    {P, "async", "async", "'async' is not an option", "async=true"},
    {P, "duration=30sec", "sec",
     "unknown unit 'sec' in duration '30sec': expected ns, us, ms, s or min", "s"},
    {P, "duration=5mins", "mins", "unknown unit 'mins'", "min"},
    {P, "duration=0s", "0s", "duration '0s' is zero", ""},
    {P, "duration=5ns", "5ns", "duration '5ns' is below its least, 1us", ""},
    {P, "duration=2000min", "2000min", "duration '2000min' is above its most, 1440min", ""},
    {P, "duration=99999999999999999999s", "99999999999999999999s", "is too large", ""},
    {P, "duration=soon", "soon", "duration 'soon' is not a duration: expected a number with", ""},
    {P, "threshold=-5ms", "-5ms", "threshold '-5ms' is negative", ""},
    {P, "env=dev|tset", "tset", "'tset' is not an environment: expected dev, test or prod", "test"},
    {P, "env=production", "production", "'production' is not an environment", "prod"},
    {P, "env=dev|", "", "'' is not an environment", ""},
    {P, "env=dev|dev", "dev|dev", "environment 'dev' twice", ""},
    {P, "enabled=flase", "flase", "enabled 'flase' is neither true, false nor the name", "false"},
    {P, "enabled=YES", "YES", "enabled 'YES' is neither", "true"},
    {P, "enabled=2MANY", "2MANY", "enabled '2MANY' is neither", ""},
    {P, "check_load=ture", "ture", "check_load 'ture' is neither true nor false", "true"},
    {P, "metadata=team", "team", "metadata 'team' is not key:value", ""},
    {P, "metadata=:db", ":db", "has no key", ""},
    {P, "metadata=a b:c", "a b", "holds more than letters", ""},
    {P, "metadata=line:7", "line", "metadata key 'line' is one that events have", ""},
    {P, "metadata=a:1, metadata=call_id:7", "call_id", "metadata key 'call_id' is one that", ""},
    {P, "metadata=a:1,metadata=a:2", "a:1", "metadata key 'a' twice", ""},
    {P, "output=x.svg", "output", "output is for strategy=flame_graph only", ""},
    {P, "format=svg", "format", "format is for strategy=flame_graph only", ""},
    {P, "strategy=calls, rate=0.5", "rate", "rate contradicts strategy=calls", ""},
    {S, "1s, strategy=calls", "strategy", "strategy=calls says nothing here", ""},
    {P, "rate=0.5,", "", "a comma without an option", ""},
    {P, "rate=0.5,,async=true", ",async", "a comma without an option", ""},
    {P, "metadata=\"a:b", "metadata=\"a:b", "quote without an end", ""},
    {P, "strategy=\"sample", "strategy=\"sample", "quote without an end", ""},
    {P, "strategy=sam\"pl\"e", "sam\"pl\"e", "stray quote in 'sam\"pl\"e'", ""},
    {S, "", "", "profile_if_slow needs a threshold", ""},
    {S, "rate=0.5", "", "profile_if_slow needs a threshold", ""},
    {S, "500msec", "msec", "unknown unit 'msec' in threshold '500msec'", "ms"},
    {S, "500ms, threshold=1s", "threshold", "'threshold' is given twice", ""},
    {S, "rate=0.5, 500ms", "500ms", "'500ms' is not an option", "threshold=500ms"},
    {S, "0", "0", "threshold '0' is zero", ""},
    {M, "threshold=10mb", "mb", "unknown unit 'mb' in threshold '10mb': expected B, KB, MB or GB",
     "MB"},
    {M, "threshold=1KiB", "KiB", "unknown unit 'KiB'", "KB"},
    {M, "threshold=99999999GB", "99999999GB", "is above its most, 1048576GB", ""},
    {F, "format=svg, output=x.html", "format", "format=svg contradicts output 'x.html'", ""},
    {F, "format=pdf", "pdf", "'pdf' is not a format: expected svg, html or json", ""},
    {F, "format=htlm", "htlm", "'htlm' is not a format", "html"},
    {F, "output=\"\"", "", "output names no file", ""},
};

static void every_mistake_is_reported(void)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct mistake *m = &mistakes[i];
        struct dp_options options;
        struct dp_options_error error;
        if (dp_options_parse(m->attribute, m->text, &options, &error) != -1 &&
            dp_event_keys_check(m->text, &options, &error) != -1) {
            CHECK(false, "\"%s\" was accepted", m->text);
            continue;
        }
        CHECK(strstr(error.message, m->message), "\"%s\": %s", m->text, error.message);
        CHECK(strcmp(error.suggestion, m->suggestion) == 0, "\"%s\": '%s' suggested", m->text,
              error.suggestion);
        CHECK(error.offset + error.length <= strlen(m->text), "\"%s\"", m->text);
        CHECK(error.length <= strlen(m->bad) &&
                  strncmp(m->text + error.offset, m->bad, error.length) == 0 &&
                  (error.length > 0) == (m->bad[0] != '\0'),
              "\"%s\": points at '%.*s'", m->text, (int)error.length, m->text + error.offset);
    }
}

static void second_of_two_is_the_bad_one(void)
{
    struct dp_options options;
    struct dp_options_error error;
    CHECK(dp_options_parse(P, "rate=0.5, rate=0.5", &options, &error) == -1, "duplicate");
    CHECK(error.offset == 10, "offset %zu", error.offset);
    CHECK(dp_options_parse(P, "metadata=output:1, output=x.svg", &options, &error) == -1, "pair");
    CHECK(error.offset == 19, "offset %zu", error.offset);
}

static void values_parse_alone(void)
{
    uint64_t n = 7;
    double rate = 7;
    bool on = false;
    CHECK(dp_parse_duration("100ms;x", 5, &n) == 0 && n == 100000000, "%llu",
          (unsigned long long)n);
    CHECK(dp_parse_duration("0.25 us", 7, &n) == 0 && n == 250, "%llu", (unsigned long long)n);
    CHECK(dp_parse_duration("18446744073709551614ns", 22, &n) == 0 && n + 2 == 0, "widest");
    CHECK(dp_parse_duration("18446744073709551616ns", 22, &n) == -1, "overflow");
    CHECK(dp_parse_duration("18446744073710s", 15, &n) == -1, "overflow");
    CHECK(dp_parse_duration("", 0, &n) == -1 && dp_parse_duration("s", 1, &n) == -1, "empty");
    CHECK(dp_parse_bytes("1.5KB", 5, &n) == 0 && n == 1536, "%llu", (unsigned long long)n);
    CHECK(dp_parse_bytes("3", 1, &n) == 0 && n == 3, "%llu", (unsigned long long)n);
    CHECK(dp_parse_rate("0.001", 5, &rate) == 0 && rate == 0.001, "%g", rate);
    CHECK(dp_parse_rate("1", 1, &rate) == 0 && rate == 1, "%g", rate);
    CHECK(dp_parse_rate("1.01", 4, &rate) == -1 && rate == 1, "%g", rate);
    CHECK(dp_parse_rate("nan", 3, &rate) == -1 && dp_parse_rate("-1", 2, &rate) == -1, "bad rates");
    CHECK(dp_parse_integer("042;x", 3, &n) == 0 && n == 42, "%llu", (unsigned long long)n);
    CHECK(dp_parse_integer("18446744073709551615", 20, &n) == 0 && n + 1 == 0, "widest");
    CHECK(dp_parse_integer("18446744073709551616", 20, &n) == -1 && n + 1 == 0, "overflow");
    CHECK(dp_parse_integer("36893488147419103232", 20, &n) == -1 && n + 1 == 0, "overflow twice");
    CHECK(dp_parse_integer("", 0, &n) == -1 && dp_parse_integer("-", 1, &n) == -1, "empty");
    CHECK(dp_parse_integer("-1", 2, &n) == -1 && dp_parse_integer("1.5", 3, &n) == -1, "no integer");
    CHECK(dp_parse_integer(" 1", 2, &n) == -1 && dp_parse_integer("0x1", 3, &n) == -1, "digits only");
    CHECK(dp_parse_bool("on", 2, &on) == 0 && on, "on");
    CHECK(dp_parse_bool("0", 1, &on) == 0 && !on, "0");
    CHECK(dp_parse_bool("tru", 3, &on) == -1, "tru");
}

static void every_row_has_a_default_that_parses(void)
{
    for (int a = 0; a < DP_ATTRIBUTE_COUNT; a++)
        for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
            const struct dp_option_row *row = &dp_option_rows()[i];
            const char *initial = row->initial[a];
            char text[128];
            struct dp_options options;
            struct dp_options_error error;
            if (!initial || !initial[0] || strcmp(initial, DP_REQUIRED) == 0 ||
                a == DP_ATTRIBUTE_IF_SLOW || row->type == DP_TYPE_format)
                continue;
            snprintf(text, sizeof text, "%s=%s", row->key, initial);
            CHECK(dp_options_parse((enum dp_attribute)a, text, &options, &error) == 0,
                  "%s: \"%s\": %s", dp_attribute_name((enum dp_attribute)a), text, error.message);
        }
}

int main(void)
{
    defaults_follow_the_guide();
    every_option_is_read();
    every_mistake_is_reported();
    second_of_two_is_the_bad_one();
    values_parse_alone();
    every_row_has_a_default_that_parses();
    return 0;
}
