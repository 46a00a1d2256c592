/* The tables of options.h. The parser is in options_parse.c and options_value.c. */
#include "options.h"

_Static_assert(DP_OPTION_COUNT <= 32, "a bit of dp_options.given for each row");

const struct dp_option_row *dp_option_rows(void)
{
    static const struct dp_option_row rows[DP_OPTION_COUNT] = {
#define DP_OPTION(id, key, type, member, min, max, a, b, c, d, e, f, what)                         \
    {key,                                                                                          \
     DP_TYPE_##type,                                                                               \
     DP_OPTION_##id,                                                                               \
     offsetof(struct dp_options, member),                                                          \
     min,                                                                                          \
     max,                                                                                          \
     {a, b, c, d, e, f},                                                                           \
     what},
#include "deep_profile/options.def"
    };
    return rows;
}

const struct dp_name *dp_strategy_names(void)
{
    static const struct dp_name names[] = {
        {"sample", DP_STRATEGY_SAMPLE},
        {"time", DP_STRATEGY_TIME},
        {"call_graph", DP_STRATEGY_CALL_GRAPH},
        {"calls", DP_STRATEGY_CALLS},
        {"memory", DP_STRATEGY_MEMORY},
        {"flame_graph", DP_STRATEGY_FLAME_GRAPH},
        {"eprof", DP_STRATEGY_TIME},
        {"fprof", DP_STRATEGY_CALL_GRAPH},
        {"cprof", DP_STRATEGY_CALLS},
        {NULL, 0},
    };
    return names;
}

const struct dp_name *dp_format_names(void)
{
    static const struct dp_name names[] = {
        {"svg", DP_FORMAT_SVG}, {"html", DP_FORMAT_HTML}, {"json", DP_FORMAT_JSON}, {NULL, 0}};
    return names;
}

const struct dp_name *dp_env_names(void)
{
    static const struct dp_name names[] = {
        {"dev", DP_ENV_DEV}, {"test", DP_ENV_TEST}, {"prod", DP_ENV_PROD}, {NULL, 0}};
    return names;
}
