/* See rules.h. */
#include "rules.h"

#include <string.h>

static struct dp_word trim(const char *text, size_t length)
{
    while (length && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return (struct dp_word){text, length};
}

static bool is_word(struct dp_word word, const char *string)
{
    return word.length == strlen(string) && memcmp(word.text, string, word.length) == 0;
}

/* Cuts the part of *rest before `separator` off and returns it. */
static struct dp_word next_part(struct dp_word *rest, char separator)
{
    const char *end = memchr(rest->text, separator, rest->length);
    size_t length = end ? (size_t)(end - rest->text) : rest->length;
    struct dp_word part = trim(rest->text, length);
    size_t used = end ? length + 1 : length;
    rest->text += used;
    rest->length -= used;
    return part;
}

static int parse_item(struct dp_word item, struct dp_rule *rule)
{
    bool has_value = memchr(item.text, '=', item.length) != NULL;
    struct dp_word value = item;
    struct dp_word key = next_part(&value, '=');
    value = trim(value.text, value.length);
    if (is_word(key, "off") && !has_value) {
        rule->off = true;
    } else if (is_word(key, "calls") && !has_value) {
        rule->calls = true;
    } else if (is_word(key, "memory")) {
        rule->memory = true;
        return has_value ? dp_parse_bytes(value.text, value.length, &rule->memory_bytes) : 0;
    } else if (is_word(key, "rate") && has_value) {
        rule->has_rate = true;
        return dp_parse_rate(value.text, value.length, &rule->rate);
    } else if (is_word(key, "slow") && has_value) {
        rule->has_slow = true;
        if (dp_parse_duration(value.text, value.length, &rule->slow_ns) != 0)
            return -1;
        return rule->slow_ns ? 0 : -1;
    } else {
        return -1;
    }
    return 0;
}

static int parse_rule(struct dp_word text, struct dp_rule *rule)
{
    *rule = (struct dp_rule){.text = text};
    /* The last colon: C++ names have colons of their own. */
    const char *colon = memrchr(text.text, ':', text.length);
    if (!colon)
        return -1;
    size_t before = (size_t)(colon - text.text);
    rule->pattern = trim(text.text, before);
    struct dp_word items = {colon + 1, text.length - before - 1};
    if (rule->pattern.length == 0 || rule->pattern.length > 255 || items.length == 0)
        return -1;
    while (items.length) {
        if (parse_item(next_part(&items, ','), rule) != 0)
            return -1;
    }
    return 0;
}

static bool is_one_of(struct dp_word word, const char *const *words)
{
    for (; *words; words++) {
        if (is_word(word, *words))
            return true;
    }
    return false;
}

void dp_rules_parse(const char *text, struct dp_rules *rules)
{
    static const char *const on[] = {"1", "on", "true", "yes", NULL};
    *rules = (struct dp_rules){.on = false};
    if (!text)
        return;
    struct dp_word rest = trim(text, strlen(text));
    if (is_one_of(rest, on)) {
        rules->on = true;
        return;
    }
    /* A word without a colon is no rule: 0, off, false, or a mistake. Off is
     * the safe reading of a mistake in somebody's production. */
    if (!memchr(rest.text, ':', rest.length))
        return;
    rules->on = true;
    while (rest.length) {
        struct dp_word part = next_part(&rest, ';');
        if (part.length == 0)
            continue;
        if (rules->count < DP_MAX_RULES && parse_rule(part, &rules->rules[rules->count]) == 0)
            rules->count++;
        else if (rules->n_refused < sizeof rules->refused / sizeof *rules->refused)
            rules->refused[rules->n_refused++] = part;
    }
}

/* Glob with * and ?, iterative: on a mismatch the last star takes one more. */
static bool glob(struct dp_word pattern, struct dp_word name)
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
bool dp_rule_matches(const struct dp_rule *rule, const char *function)
{
    struct dp_word whole = {function, strlen(function)};
    struct dp_word written = {function, strcspn(function, ".")};
    return glob(rule->pattern, whole) || (written.length > 0 && glob(rule->pattern, written));
}
