/*
 * The rules of DEEP_PROFILE: what a person asks for at run time.
 *
 *     DEEP_PROFILE := "" | "0" | "off" | "false" | "no" off
 *                   | "1" | "on" | "true" | "yes"       attributes as written
 *                   | rule { ";" rule }                 on, with rules
 *     rule         := pattern ":" item { "," item }
 *     item         := "rate=" rate | "slow=" duration | "calls"
 *                   | "memory" [ "=" bytes ] | "off"
 *
 * A pattern is a function's name with * and ?. Rules apply in order;
 * each changes what it names and leaves the rest of a function's attributes as
 * they were; `off` takes everything before it away. What a rule asks for holds
 * in every environment.
 *
 * Used by the runtime, which obeys them, and by the tool, which says before and
 * after what is wrong with them. Allocates nothing, prints nothing.
 */
#ifndef DEEP_PROFILE_ABI_RULES_H
#define DEEP_PROFILE_ABI_RULES_H

#include "text.h"
#include "values.h"

#define DP_MAX_RULES 256
#define DP_MAX_REFUSED 8 /* more are left out, too, but not told of */

struct dp_rule {
    struct dp_word text;    /* the whole rule, for the log */
    struct dp_word pattern;
    bool off, calls, memory, has_rate, has_slow;
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
};

struct dp_refused_rule {
    struct dp_word text; /* the whole rule */
    struct dp_word word; /* the word in it that is wrong */
    enum dp_rule_fault fault;
};

struct dp_rules {
    bool on;
    bool mistaken; /* off, but by none of the words for it */
    size_t count;
    struct dp_rule rules[DP_MAX_RULES];
    size_t n_refused;
    struct dp_refused_rule refused[DP_MAX_REFUSED];
};

static inline const struct dp_name *dp_rule_items(void)
{
    static const struct dp_name names[] = {{"rate", 0},   {"slow", 0}, {"calls", 0},
                                           {"memory", 0}, {"off", 0},  {NULL, 0}};
    return names;
}

/* Cuts the part of *rest before `separator` off and returns it. */
static inline struct dp_word dp_rule_part(struct dp_word *rest, char separator)
{
    const char *end =
        rest->length ? (const char *)memchr(rest->text, separator, rest->length) : NULL;
    size_t length = end ? (size_t)(end - rest->text) : rest->length;
    struct dp_word part = dp_trim(dp_make_word(rest->text, length));
    size_t used = end ? length + 1 : length;
    *rest = dp_make_word(rest->text + used, rest->length - used);
    return part;
}

static inline enum dp_rule_fault dp_rule_slow(struct dp_word value, struct dp_rule *rule)
{
    rule->has_slow = true;
    if (dp_parse_duration(value.text, value.length, &rule->slow_ns) != 0 || rule->slow_ns == 0)
        return DP_RULE_BAD_DURATION;
    return DP_RULE_FINE;
}

/* `*wrong`: the word to blame. */
static inline enum dp_rule_fault dp_rule_item(struct dp_word item, struct dp_rule *rule,
                                              struct dp_word *wrong)
{
    bool has_value = item.length && memchr(item.text, '=', item.length) != NULL;
    struct dp_word value = item;
    struct dp_word key = dp_rule_part(&value, '=');
    value = dp_trim(value);
    *wrong = key;
    if (dp_word_is(key, "off") || dp_word_is(key, "calls")) {
        *(dp_word_is(key, "off") ? &rule->off : &rule->calls) = true;
        return has_value ? DP_RULE_TAKES_NO_VALUE : DP_RULE_FINE;
    }
    if (!dp_find_name(dp_rule_items(), key))
        return DP_RULE_UNKNOWN_ITEM;
    if (!has_value && !dp_word_is(key, "memory"))
        return DP_RULE_NEEDS_VALUE;
    *wrong = value;
    if (dp_word_is(key, "slow"))
        return dp_rule_slow(value, rule);
    if (dp_word_is(key, "rate")) {
        rule->has_rate = true;
        return dp_parse_rate(value.text, value.length, &rule->rate) == 0 ? DP_RULE_FINE
                                                                         : DP_RULE_BAD_RATE;
    }
    rule->memory = true;
    if (has_value && dp_parse_bytes(value.text, value.length, &rule->memory_bytes) != 0)
        return DP_RULE_BAD_BYTES;
    return DP_RULE_FINE;
}

static inline enum dp_rule_fault dp_rule_parse(struct dp_word text, struct dp_rule *rule,
                                               struct dp_word *wrong)
{
    size_t colon = text.length;
    memset(rule, 0, sizeof *rule);
    rule->text = *wrong = text;
    /* The last colon: C++ names have colons of their own. */
    while (colon > 0 && text.text[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return DP_RULE_NO_COLON;
    rule->pattern = dp_trim(dp_make_word(text.text, colon - 1));
    struct dp_word items = dp_make_word(text.text + colon, text.length - colon);
    if (rule->pattern.length == 0)
        return DP_RULE_NO_PATTERN;
    if (rule->pattern.length > 255)
        return DP_RULE_LONG_PATTERN;
    if (dp_trim(items).length == 0)
        return DP_RULE_NO_ITEM;
    enum dp_rule_fault fault = DP_RULE_FINE;
    while (items.length && fault == DP_RULE_FINE)
        fault = dp_rule_item(dp_rule_part(&items, ','), rule, wrong);
    return fault;
}

static inline void dp_rule_refuse(struct dp_rules *rules, struct dp_word text, struct dp_word word,
                                  enum dp_rule_fault fault)
{
    if (rules->n_refused == DP_MAX_REFUSED)
        return;
    struct dp_refused_rule *refused = &rules->refused[rules->n_refused++];
    refused->text = text;
    refused->word = word;
    refused->fault = fault;
}

/* `text` may be NULL and must outlive the result, whose words point into it. */
static inline void dp_rules_parse(const char *text, struct dp_rules *rules)
{
    static const struct dp_name words[] = {{"1", 1},   {"on", 1},  {"true", 1},  {"yes", 1},
                                           {"0", 0},   {"off", 0}, {"false", 0}, {"no", 0},
                                           {NULL, 0}};
    struct dp_word rest = dp_trim(dp_make_word(text ? text : "", text ? strlen(text) : 0));
    const struct dp_name *word = dp_find_name(words, rest);
    memset(rules, 0, sizeof *rules);
    if (word || rest.length == 0) {
        rules->on = word && word->value;
        return;
    }
    /* A word without a colon is no rule but a mistake. Off is the safe reading
     * of a mistake in somebody's production. */
    rules->on = memchr(rest.text, ':', rest.length) != NULL;
    rules->mistaken = !rules->on;
    while (rules->on && rest.length) {
        struct dp_rule rule;
        struct dp_word wrong, part = dp_rule_part(&rest, ';');
        if (part.length == 0)
            continue;
        enum dp_rule_fault fault = dp_rule_parse(part, &rule, &wrong);
        if (fault == DP_RULE_FINE && rules->count == DP_MAX_RULES)
            fault = DP_RULE_TOO_MANY;
        if (fault == DP_RULE_FINE)
            rules->rules[rules->count++] = rule;
        else
            dp_rule_refuse(rules, part, wrong, fault);
    }
}

/* ---- why a rule was refused ---- */

static inline void dp_rule_quote(struct dp_text *out, struct dp_word word)
{
    dp_text_char(out, '\'');
    dp_text_bytes(out, word.text, word.length < 80 ? word.length : 80);
    dp_text_string(out, word.length < 80 ? "'" : "...'");
}

static inline void dp_rule_suggest(struct dp_text *out, const char *meant)
{
    if (!meant)
        return;
    dp_text_string(out, "; did you mean '");
    dp_text_string(out, meant);
    dp_text_string(out, "'?");
}

/* A number whose unit is none. */
static inline void dp_rule_unit(struct dp_text *out, struct dp_word value,
                                const struct dp_name *units)
{
    uint64_t number;
    struct dp_word unit;
    if (dp_scan_quantity(value, units, 1, &number, &unit) == DP_VALUE_UNKNOWN_UNIT)
        dp_rule_suggest(out, dp_nearest_name(units, unit));
}

/* What is wrong and what was probably meant, as a clause. */
static inline void dp_rule_explain(struct dp_text *out, const struct dp_refused_rule *refused)
{
    static const char *const words[] = {
        "",
        "is one too many: 256 is the limit",
        "has no ':' between the functions and what is asked for",
        "names no function before the ':'",
        "has a pattern of more than 255 characters",
        "asks for nothing behind the ':'",
        " is none of rate=, slow=, calls, memory and off",
        " needs a value: ",
        " takes no value",
        " is not a rate from 0 to 1",
        " is not a duration such as 10ms",
        " is not a size such as 64KB",
    };
    if (refused->fault >= DP_RULE_UNKNOWN_ITEM)
        dp_rule_quote(out, refused->word);
    dp_text_string(out, words[refused->fault]);
    switch (refused->fault) {
    case DP_RULE_UNKNOWN_ITEM:
        dp_rule_suggest(out, dp_nearest_name(dp_rule_items(), refused->word));
        return;
    case DP_RULE_NEEDS_VALUE:
        dp_text_string(out, dp_word_is(refused->word, "rate") ? "rate=0.1" : "slow=10ms");
        return;
    case DP_RULE_BAD_DURATION:
        dp_rule_unit(out, refused->word, dp_duration_units());
        return;
    case DP_RULE_BAD_BYTES:
        dp_rule_unit(out, refused->word, dp_size_units());
        return;
    default:
        return;
    }
}

/* ---- which functions a rule names ---- */

/* Glob with * and ?, iterative: on a mismatch the last star takes one more. */
static inline bool dp_glob(struct dp_word pattern, struct dp_word name)
{
    size_t p = 0, star = SIZE_MAX, star_name = 0, n = 0;
    while (n < name.length) {
        if (p < pattern.length && pattern.text[p] == '*') {
            star = p++;
            star_name = n;
        } else if (p < pattern.length &&
                   (pattern.text[p] == '?' || pattern.text[p] == name.text[n])) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++star_name;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.text[p] == '*')
        p++;
    return p == pattern.length;
}

/* GCC names what it makes of a function "f.part.0" or "f.isra.0". Whoever
 * writes a rule knows the function as f. */
static inline bool dp_rule_matches(const struct dp_rule *rule, const char *function)
{
    struct dp_word whole = dp_make_word(function, strlen(function));
    struct dp_word written = dp_make_word(function, strcspn(function, "."));
    return dp_glob(rule->pattern, whole) ||
           (written.length > 0 && dp_glob(rule->pattern, written));
}

#endif
