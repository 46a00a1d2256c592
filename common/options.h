/*
 * Options of the attributes: one grammar and one parser, for the plugin (which
 * checks while compiling), the runtime (which obeys) and the tool. Allocates
 * nothing, prints nothing, takes no lock.
 *
 *     options  := [ option { "," option } ]
 *     option   := key "=" value | positional
 *     positional := the threshold, first in profile_if_slow and profile_memory
 *     value    := duration | bytes | rate | integer | switch
 *               | word { "|" word }
 *               | word ":" text                            (metadata)
 *
 * Durations take ns, us, ms, s, min (a bare number is ms), sizes B, KB, MB, GB
 * (powers of 1024; a bare number is bytes), switches true, on, 1, false, off,
 * 0. Values may stand in double quotes, and must when they contain a comma. Blanks
 * around words do not count. The rows are in deep_profile/options.def; values.h reads
 * numbers.
 */
#ifndef DP_COMMON_OPTIONS_H
#define DP_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"
#include "values.h"

#ifdef __cplusplus
extern "C" {
#endif

enum dp_strategy {
    DP_STRATEGY_SAMPLE,
    DP_STRATEGY_TIME,       /* synonym: eprof */
    DP_STRATEGY_CALL_GRAPH, /* synonym: fprof */
    DP_STRATEGY_CALLS,      /* synonym: cprof */
    DP_STRATEGY_MEMORY,
    DP_STRATEGY_FLAME_GRAPH,
};

enum dp_format { DP_FORMAT_SVG, DP_FORMAT_HTML, DP_FORMAT_JSON };

#define DP_ENV_DEV (1u << 0)
#define DP_ENV_TEST (1u << 1)
#define DP_ENV_PROD (1u << 2)

#define DP_METADATA_MAX 16

/* Bits of dp_options.given: 1u << DP_OPTION_x. */
enum dp_option_id {
#define DP_OPTION(id, ...) DP_OPTION_##id,
#include "deep_profile/options.def"
    DP_OPTION_COUNT
};

/*
 * The options of an attribute. Options that the attribute does not take have these values:
 * rate 1, every environment, enabled, emit_metrics; 0 for the rest. A row of options.def
 * makes the member of an option that is one number or one switch.
 */
#define DP_MEMBER_bool(member) bool member;
#define DP_MEMBER_integer(member) uint64_t member;
#define DP_MEMBER_duration(member) uint64_t member; /* 0: none */
#define DP_MEMBER_bytes(member) uint64_t member;    /* 0: none */
#define DP_MEMBER_rate(member)
#define DP_MEMBER_strategy(member)
#define DP_MEMBER_env(member)
#define DP_MEMBER_enabled(member)
#define DP_MEMBER_output(member)
#define DP_MEMBER_format(member)
#define DP_MEMBER_metadata(member)

struct dp_options {
    enum dp_attribute attribute;
    enum dp_strategy strategy;
    enum dp_format format;
    double rate; /* 0 to 1; two rows of options.def set it */
    uint32_t env; /* DP_ENV_* */
    bool enabled;
    struct dp_word enabled_by; /* name of an environment variable; length 0: `enabled` decides */
    struct dp_word output;     /* file; length 0: a generated name */
    size_t n_metadata;
    struct dp_word metadata_key[DP_METADATA_MAX];
    struct dp_word metadata_value[DP_METADATA_MAX];
    uint32_t given; /* bit 1u << DP_OPTION_x for each option that was written */
#define DP_OPTION(id, key, type, member, ...) DP_MEMBER_##type(member)
#include "deep_profile/options.def"
};

/* A mistake at text[offset, offset + length). Length 0: it is not at one word (the required
 * threshold is missing). */
struct dp_options_error {
    size_t offset;
    size_t length;
    char message[256];   /* one clause that names the bad word and what was expected */
    char suggestion[48]; /* a word to replace the bad one; empty: none is similar */
};

/*
 * Parses `text` (NUL-terminated) for `attribute` into `*options`, whose words
 * point into `text`. Returns 0, or -1 with `*error` filled.
 */
int dp_options_parse(enum dp_attribute attribute, const char *text, struct dp_options *options,
                     struct dp_options_error *error);

/* The table of options.def. */
enum dp_option_type {
    DP_TYPE_strategy,
    DP_TYPE_rate,
    DP_TYPE_duration,
    DP_TYPE_bytes,
    DP_TYPE_integer,
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

/* DP_OPTION_COUNT rows; row i has id i. */
const struct dp_option_row *dp_option_rows(void);

/* The words of an option and the value of each, enum dp_x or DP_ENV_*. Several words may
 * have one value; the first of them is its name. */
const struct dp_name *dp_strategy_names(void);
const struct dp_name *dp_format_names(void);
const struct dp_name *dp_env_names(void);


#ifdef __cplusplus
}
#endif

#endif
