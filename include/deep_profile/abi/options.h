/*
 * Options of the attributes: one grammar, one parser for the plugin (which
 * checks while compiling), the runtime (which obeys, and reads rules) and the
 * tool. Header only, because the three share nothing else.
 *
 *     options  := [ option { "," option } ]
 *     option   := key "=" value | positional
 *     positional := the threshold, first in profile_if_slow and profile_memory
 *     value    := duration | bytes | rate | "true" | "false" | word { "|" word }
 *
 * Durations take ns, us, ms, s, min (a bare number is ms), sizes B, KB, MB, GB
 * (powers of 1024; a bare number is bytes). Values may stand in double quotes.
 * Rows: ../options.def.
 */
#ifndef DEEP_PROFILE_ABI_OPTIONS_H
#define DEEP_PROFILE_ABI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site.h"

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

/* A part of the option text: not terminated, not owned. */
struct dp_word {
    const char *text;
    size_t length;
};

/* Every attribute fills the members it has an option for, defaults included. */
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

/* What is wrong, at text[offset, offset + length). */
struct dp_options_error {
    size_t offset;
    size_t length;
    char message[160];   /* one clause, names the bad word, says what was expected */
    char suggestion[48]; /* what was probably meant; empty: nothing close */
};

/*
 * Parses `text` (NUL-terminated) for `attribute` into `*options`, whose words
 * point into `text`. Returns 0, or -1 with `*error` filled.
 */
static inline int dp_options_parse(enum dp_attribute attribute, const char *text,
                                   struct dp_options *options, struct dp_options_error *error);

#endif
