/* See rules.h. rules_text.c puts into words why a rule was refused. */
#include "rules.h"

#include <string.h>

const struct dp_name *dp_rule_items(void)
{
    static const struct dp_name names[] = {{"rate", 0},   {"slow", 0},       {"calls", 0},
                                           {"memory", 0}, {"check_load", 0}, {"off", 0},
                                           {NULL, 0}};
    return names;
}

const struct dp_name *dp_rules_words(void)
{
    static const struct dp_name words[] = {{"1", 1},     {"on", 1}, {"true", 1},
                                           {"yes", 1},   {"0", 0},  {"off", 0},
                                           {"false", 0}, {"no", 0}, {NULL, 0}};
    return words;
}

/* Of what a person typed for on or off: OFF and No, too. */
static const struct dp_name *find_word(struct dp_word text)
{
    char small[8];
    if (text.length >= sizeof small)
        return NULL;
    for (size_t i = 0; i < text.length; i++)
        small[i] = text.text[i] >= 'A' && text.text[i] <= 'Z' ? (char)(text.text[i] + ('a' - 'A'))
                                                               : text.text[i];
    return dp_find_name(dp_rules_words(), dp_make_word(small, text.length));
}

static enum dp_rules_meaning judge(struct dp_word text)
{
    const struct dp_name *word = find_word(text);
    if (word)
        return word->value ? DP_RULES_ATTRIBUTES : DP_RULES_OFF;
    if (text.length == 0)
        return DP_RULES_OFF;
    return memchr(text.text, ':', text.length) ? DP_RULES_RULES : DP_RULES_MISTAKEN;
}

static struct dp_word trimmed(const char *text)
{
    return dp_trim(dp_make_word(text ? text : "", text ? strlen(text) : 0));
}

enum dp_rules_meaning dp_rules_judge(const char *text)
{
    return judge(trimmed(text));
}

/* Returns the part of *rest before `separator`; *rest then begins after it. */
static struct dp_word cut_part(struct dp_word *rest, char separator)
{
    const char *end = rest->length ? memchr(rest->text, separator, rest->length) : NULL;
    size_t length = end ? (size_t)(end - rest->text) : rest->length;
    struct dp_word part = dp_trim(dp_make_word(rest->text, length));
    size_t used = end ? length + 1 : length;
    *rest = dp_make_word(rest->text + used, rest->length - used);
    return part;
}

static enum dp_rule_fault read_slow(struct dp_word value, struct dp_rule *rule)
{
    rule->has_slow = true;
    if (dp_parse_duration(value.text, value.length, &rule->slow_ns) != 0 || rule->slow_ns == 0)
        return DP_RULE_BAD_DURATION;
    return DP_RULE_FINE;
}

/* `*wrong` gets the bad word. */
static enum dp_rule_fault read_item(struct dp_word item, struct dp_rule *rule,
                                    struct dp_word *wrong)
{
    bool has_value = item.length && memchr(item.text, '=', item.length) != NULL;
    struct dp_word value = item;
    struct dp_word key = cut_part(&value, '=');
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
        return read_slow(value, rule);
    if (dp_word_is(key, "rate")) {
        rule->has_rate = true;
        return dp_parse_rate(value.text, value.length, &rule->rate) == 0 ? DP_RULE_FINE
                                                                         : DP_RULE_BAD_RATE;
    }
    if (dp_word_is(key, "check_load")) {
        rule->has_check_load = true;
        return dp_parse_bool(value.text, value.length, &rule->check_load) == 0 ? DP_RULE_FINE
                                                                               : DP_RULE_BAD_BOOL;
    }
    rule->memory = true;
    rule->has_memory_bytes = has_value;
    if (has_value && dp_parse_bytes(value.text, value.length, &rule->memory_bytes) != 0)
        return DP_RULE_BAD_BYTES;
    return DP_RULE_FINE;
}

static enum dp_rule_fault read_rule(struct dp_word text, struct dp_rule *rule,
                                    struct dp_word *wrong)
{
    size_t colon = text.length;
    memset(rule, 0, sizeof *rule);
    rule->text = *wrong = text;
    /* The last colon, since C++ names contain colons. */
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
        fault = read_item(cut_part(&items, ','), rule, wrong);
    return fault;
}

bool dp_rules_next(struct dp_word *rest, struct dp_rule *rule, struct dp_refused_rule *refused)
{
    while (rest->length) {
        struct dp_word part = cut_part(rest, ';');
        if (part.length == 0)
            continue;
        refused->text = part;
        refused->fault = read_rule(part, rule, &refused->word);
        return true;
    }
    return false;
}

void dp_rules_parse(const char *text, struct dp_rules *rules)
{
    struct dp_word rest = trimmed(text);
    enum dp_rules_meaning meaning = judge(rest);
    struct dp_rule rule;
    struct dp_refused_rule refused;
    memset(rules, 0, sizeof *rules);
    rules->on = meaning == DP_RULES_ATTRIBUTES || meaning == DP_RULES_RULES;
    rules->mistaken = meaning == DP_RULES_MISTAKEN;
    while (meaning == DP_RULES_RULES && dp_rules_next(&rest, &rule, &refused)) {
        if (refused.fault == DP_RULE_FINE && rules->count == DP_MAX_RULES)
            refused.fault = DP_RULE_TOO_MANY;
        if (refused.fault == DP_RULE_FINE)
            rules->rules[rules->count++] = rule;
        else if (rules->n_refused < DP_MAX_REFUSED)
            rules->refused[rules->n_refused++] = refused;
    }
}

/* Glob with * and ?, iterative: on a mismatch the last star takes one more. */
static bool glob_matches(struct dp_word pattern, struct dp_word name)
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

bool dp_rule_matches(const struct dp_rule *rule, const char *function)
{
    struct dp_word whole = dp_make_word(function, strlen(function));
    struct dp_word written = dp_make_word(function, strcspn(function, "."));
    return glob_matches(rule->pattern, whole) ||
           (written.length > 0 && glob_matches(rule->pattern, written));
}
