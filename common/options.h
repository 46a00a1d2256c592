/*
 * Options of the attributes: one grammar, one parser for the plugin (which
 * checks while compiling), the runtime (which obeys) and the tool. Header
 * only, because the three share nothing else. Allocates nothing, prints
 * nothing.
 *
 *     options  := [ option { "," option } ]
 *     option   := key "=" value | positional
 *     positional := the threshold, first in profile_if_slow and profile_memory
 *     value    := duration | bytes | rate | switch | word { "|" word }
 *               | word ":" text                            (metadata)
 *
 * Durations take ns, us, ms, s, min (a bare number is ms), sizes B, KB, MB, GB
 * (powers of 1024; a bare number is bytes), switches true, on, 1, false, off,
 * 0. Values may stand in double quotes, and must when they hold a comma. Blanks
 * around words do not count. Rows: ../options.def; values: values.h.
 */
#ifndef DEEP_PROFILE_ABI_OPTIONS_H
#define DEEP_PROFILE_ABI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/site.h"
#include "values.h"

enum dp_strategy {
    DP_STRATEGY_SAMPLE,
    DP_STRATEGY_TIME,       /* synonym: eprof */
    DP_STRATEGY_CALL_GRAPH, /* synonym: fprof */
    DP_STRATEGY_CALLS,      /* synonym: cprof */
    DP_STRATEGY_MEMORY,
    DP_STRATEGY_FLAME_GRAPH,
};

enum dp_format { DP_FORMAT_SVG, DP_FORMAT_HTML, DP_FORMAT_JSON };

#define DP_ENV_DEV  (1u << 0)
#define DP_ENV_TEST (1u << 1)
#define DP_ENV_PROD (1u << 2)

#define DP_METADATA_MAX 16

/* Bits of dp_options.given: 1u << DP_OPTION_x. */
enum dp_option_id {
#define DP_OPTION(id, ...) DP_OPTION_##id,
#include "deep_profile/options.def"
    DP_OPTION_COUNT
};

/* Members of options that the attribute does not take: rate 1, every
 * environment, enabled, emit_metrics; all else 0. */
struct dp_options {
    enum dp_attribute attribute;
    enum dp_strategy strategy;
    enum dp_format format;
    double rate;              /* 0 to 1 */
    uint64_t duration_ns;     /* cap of one profile */
    uint64_t threshold_ns;    /* 0: none */
    uint64_t threshold_bytes; /* 0: none */
    uint32_t env;             /* DP_ENV_* */
    bool enabled;
    bool async;
    bool emit_metrics;
    bool check_load;
    struct dp_word enabled_by; /* environment variable; length 0: `enabled` holds */
    struct dp_word output;     /* file; length 0: generated */
    size_t n_metadata;
    struct dp_word metadata_key[DP_METADATA_MAX];
    struct dp_word metadata_value[DP_METADATA_MAX];
    uint32_t given; /* bit 1u << DP_OPTION_x for each option that was written */
};

/* What is wrong, at text[offset, offset + length). Length 0: not one word (the
 * required threshold is missing). */
struct dp_options_error {
    size_t offset;
    size_t length;
    char message[256];   /* one clause, names the bad word, says what was expected */
    char suggestion[48]; /* to stand in place of the word; empty: nothing close */
};

/*
 * Parses `text` (NUL-terminated) for `attribute` into `*options`, whose words
 * point into `text`. Returns 0, or -1 with `*error` filled.
 */
static inline int dp_options_parse(enum dp_attribute attribute, const char *text,
                                   struct dp_options *options, struct dp_options_error *error);

/* The table of ../options.def. */
enum dp_option_type {
    DP_TYPE_strategy,
    DP_TYPE_rate,
    DP_TYPE_duration,
    DP_TYPE_bytes,
    DP_TYPE_env,
    DP_TYPE_enabled,
    DP_TYPE_bool,
    DP_TYPE_output,
    DP_TYPE_format,
    DP_TYPE_metadata,
};

struct dp_option_row {
    const char *key;
    enum dp_option_type type;
    enum dp_option_id id;
    size_t member; /* offset in struct dp_options */
    uint64_t minimum;
    uint64_t maximum;
    const char *initial[DP_ATTRIBUTE_COUNT]; /* NULL: not taken */
    const char *what;
};

#define DP_NOT_TAKEN NULL
#define DP_REQUIRED  "required"

static inline const struct dp_option_row *dp_option_rows(void)
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

static inline const struct dp_name *dp_strategy_names(void)
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

static inline const struct dp_name *dp_format_names(void)
{
    static const struct dp_name names[] = {
        {"svg", DP_FORMAT_SVG}, {"html", DP_FORMAT_HTML}, {"json", DP_FORMAT_JSON}, {NULL, 0}};
    return names;
}

static inline const struct dp_name *dp_env_names(void)
{
    static const struct dp_name names[] = {
        {"dev", DP_ENV_DEV}, {"test", DP_ENV_TEST}, {"prod", DP_ENV_PROD}, {NULL, 0}};
    return names;
}

/* Keys that events have of themselves: metadata may not hide them. */
static inline const struct dp_name *dp_event_keys(void)
{
    static const struct dp_name names[] = {
        {"function", 0}, {"file", 0},      {"line", 0},   {"module", 0},
        {"pid", 0},      {"tid", 0},       {"kind", 0},   {"strategy", 0},
        {"reason", 0},   {"in_flight", 0}, {"thread", 0}, {NULL, 0},
    };
    return names;
}

#include "options_parse.h"

#endif
