/*
 * The rules of DEEP_PROFILE: what a person asks for at run time.
 *
 *     DEEP_PROFILE := "" | "0" | "off" | "false"        off
 *                   | "1" | "on" | "true"               attributes as written
 *                   | rule { ";" rule }                 on, with rules
 *     rule         := pattern ":" item { "," item }
 *     item         := "rate=" rate | "slow=" duration | "calls"
 *                   | "memory" [ "=" bytes ] | "off"
 *
 * A pattern is a function's name with * and ?. Rules apply in order;
 * each changes what it names and leaves the rest of a function's attributes as
 * they were; `off` takes everything before it away. What a rule asks for holds
 * in every environment.
 */
#ifndef DP_RULES_H
#define DP_RULES_H

#include "types.h"

#define DP_MAX_RULES 256

struct dp_rule {
    struct dp_word text;    /* the whole rule, for the log */
    struct dp_word pattern;
    bool off, calls, memory, has_rate, has_slow;
    double rate;
    uint64_t slow_ns;
    uint64_t memory_bytes;
};

struct dp_rules {
    bool on;
    size_t count;
    struct dp_rule rules[DP_MAX_RULES];
    size_t n_refused;
    struct dp_word refused[8]; /* rules that were left out, for the log */
};

/* `text` may be NULL and must outlive the result, whose words point into it. */
void dp_rules_parse(const char *text, struct dp_rules *rules);

bool dp_rule_matches(const struct dp_rule *rule, const char *function);

#endif
