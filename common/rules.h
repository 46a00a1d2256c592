/*
 * The rules of DEEP_PROFILE: what a person asks for at run time.
 *
 *     DEEP_PROFILE := "" | "0" | "off" | "false" | "no"    off
 *                   | "1" | "on" | "true" | "yes"          attributes as written
 *                   | rule { ";" rule }                    on, with rules
 *     rule         := pattern ":" item { "," item }
 *     item         := "rate=" rate | "slow=" duration | "calls"
 *                   | "memory" [ "=" bytes ] | "check_load=" bool | "off"
 *
 * A pattern is a function's name with * and ?. Rules apply in order; each changes
 * what it names and leaves the rest of a function's attributes as they were; `off`
 * removes everything before it. What a rule asks for holds in every environment, and while
 * the machine is busy unless the rule says check_load=true: load is when people profile.
 * check_load alone changes the attributes that the function has.
 *
 * Used by the runtime, which obeys them, and by the tool, which says before and after
 * a run what is wrong with them. Nobody else judges the text of DEEP_PROFILE.
 * Allocates nothing, prints nothing.
 */
#ifndef DP_COMMON_RULES_H
#define DP_COMMON_RULES_H

#include "text.h"
#include "values.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DP_MAX_RULES 256
#define DP_MAX_REFUSED 8 /* the log does not mention further ones, which are left out too */

struct dp_rule {
    struct dp_word text;    /* the whole rule, for the log */
    struct dp_word pattern;
    bool off, calls, memory, has_rate, has_slow, has_check_load;
    bool has_memory_bytes; /* otherwise `memory` keeps totals, and no events of single calls */
    bool check_load; /* false if the rule does not say */
    double rate;
    uint64_t slow_ns;
    uint64_t memory_bytes;
};

/* What is wrong with a rule. */
enum dp_rule_fault {
    DP_RULE_FINE,
    DP_RULE_TOO_MANY,
    DP_RULE_NO_COLON,
    DP_RULE_NO_PATTERN,
    DP_RULE_LONG_PATTERN,
    DP_RULE_NO_ITEM,
    DP_RULE_UNKNOWN_ITEM,
    DP_RULE_NEEDS_VALUE,
    DP_RULE_TAKES_NO_VALUE,
    DP_RULE_BAD_RATE,
    DP_RULE_BAD_DURATION,
    DP_RULE_BAD_BYTES,
    DP_RULE_BAD_BOOL,
};

/* Its words point into the text of DEEP_PROFILE. */
struct dp_refused_rule {
    struct dp_word text; /* the whole rule */
    struct dp_word word; /* the word in it that is wrong */
    enum dp_rule_fault fault;
};

/* What a value of DEEP_PROFILE asks for. */
enum dp_rules_meaning {
    DP_RULES_OFF,        /* unset, empty, or a word for "off" */
    DP_RULES_ATTRIBUTES, /* a word for "on": with the attributes as written */
    DP_RULES_RULES,      /* on, with rules; single rules may still be wrong */
    DP_RULES_MISTAKEN,   /* none of these: a word without a colon. Counts as off, since a mistake
                            must not start profiling in production */
};

struct dp_rules {
    bool on;
    bool mistaken; /* true for DP_RULES_MISTAKEN; then `on` is false */
    size_t count;
    struct dp_rule rules[DP_MAX_RULES];
    size_t n_refused;
    struct dp_refused_rule refused[DP_MAX_REFUSED];
};

/* The words for on (value 1) and off (value 0). */
const struct dp_name *dp_rules_words(void);

/* `text` may be NULL: unset. */
enum dp_rules_meaning dp_rules_judge(const char *text);

/* `text` may be NULL and must outlive the result, whose words point into it. */
void dp_rules_parse(const char *text, struct dp_rules *rules);

/* Reads the first rule of *rest, which then begins after it. Returns false if there is none
 * left. *refused says whether and why the rule is refused; then *rule has what was read
 * before the mistake. */
bool dp_rules_next(struct dp_word *rest, struct dp_rule *rule, struct dp_refused_rule *refused);

/* Writes, as a clause, why a rule was refused and what was probably meant. */
void dp_rule_explain(struct dp_text *out, const struct dp_refused_rule *refused);

/* Does the rule name this function? GCC may make parts or copies of a function f named
 * "f.part.0" or "f.isra.0"; the author of a rule knows the function as f, so f matches
 * those too. */
bool dp_rule_matches(const struct dp_rule *rule, const char *function);

/* The words that may follow the colon. */
const struct dp_name *dp_rule_items(void);

#ifdef __cplusplus
}
#endif

#endif
