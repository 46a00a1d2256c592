/*
 * The parser behind dp_options_parse(): cuts the text into options, finds each
 * one's row of ../options.def, sets the member by the row's type, then checks
 * what holds between options. Part of options.h, which documents the grammar;
 * include that.
 */
#ifndef DEEP_PROFILE_ABI_OPTIONS_PARSE_H
#define DEEP_PROFILE_ABI_OPTIONS_PARSE_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

struct dp_options_parser {
    const char *text;
    enum dp_attribute attribute;
    struct dp_options *options;
    struct dp_options_error *error;
};

#define DP_SHOWN(word) (int)((word).length < 40 ? (word).length : 40), (word).text

/* Fills the error and returns -1. */
__attribute__((format(printf, 4, 5))) static inline int
dp_options_fail(struct dp_options_parser *parser, struct dp_word at, const char *suggestion,
                const char *format, ...)
{
    va_list arguments;
    parser->error->offset = (size_t)(at.text - parser->text);
    parser->error->length = at.length;
    snprintf(parser->error->suggestion, sizeof parser->error->suggestion, "%s",
             suggestion ? suggestion : "");
    va_start(arguments, format);
    vsnprintf(parser->error->message, sizeof parser->error->message, format, arguments);
    va_end(arguments);
    return -1;
}

/* "a, b or c" */
static inline const char *dp_list_names(const struct dp_name *names, char *buffer, size_t size)
{
    size_t used = 0;
    for (const struct dp_name *name = names; name->name && used < size; name++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%s",
                                 name == names  ? ""
                                 : name[1].name ? ", "
                                                : " or ",
                                 name->name);
    return buffer;
}

/* The keys that `attribute` takes, as names whose value is the row. */
static inline void dp_option_keys(enum dp_attribute attribute,
                                  struct dp_name keys[DP_OPTION_COUNT + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < DP_OPTION_COUNT; i++)
        if (dp_option_rows()[i].initial[attribute]) {
            keys[n].name = dp_option_rows()[i].key;
            keys[n++].value = i;
        }
    keys[n].name = NULL;
    keys[n].value = 0;
}

static inline int dp_fail_name(struct dp_options_parser *parser, struct dp_word word,
                               const struct dp_name *names, const char *what)
{
    char list[160];
    return dp_options_fail(parser, word, dp_nearest_name(names, word),
                           "'%.*s' is not %s: expected %s", DP_SHOWN(word), what,
                           dp_list_names(names, list, sizeof list));
}

/* What a value that is no good number is told. */
static inline int dp_fail_value(struct dp_options_parser *parser, const struct dp_option_row *row,
                                struct dp_word value, enum dp_value_problem problem,
                                struct dp_word unit)
{
    const struct dp_name *units =
        row->type == DP_TYPE_bytes ? dp_size_units() : dp_duration_units();
    char list[64];
    dp_list_names(units, list, sizeof list);
    switch (problem) {
    case DP_VALUE_UNKNOWN_UNIT:
        return dp_options_fail(parser, unit, dp_nearest_name(units, unit),
                               "unknown unit '%.*s' in %s '%.*s': expected %s", DP_SHOWN(unit),
                               row->key, DP_SHOWN(value), list);
    case DP_VALUE_NEGATIVE:
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is negative", row->key,
                               DP_SHOWN(value));
    case DP_VALUE_TOO_LARGE:
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is too large", row->key,
                               DP_SHOWN(value));
    default:
        return dp_options_fail(
            parser, value, NULL, "%s '%.*s' is not a %s: expected a number with %s", row->key,
            DP_SHOWN(value), row->type == DP_TYPE_bytes ? "size" : "duration", list);
    }
}

/* A limit of the table in the largest unit that divides it. */
static inline const char *dp_show_quantity(const struct dp_option_row *row, uint64_t value,
                                           char buffer[32])
{
    const struct dp_name *unit = row->type == DP_TYPE_bytes ? dp_size_units() : dp_duration_units();
    while (unit[1].name && value % unit[1].value == 0)
        unit++;
    snprintf(buffer, 32, "%llu%s", (unsigned long long)(value / unit->value), unit->name);
    return buffer;
}

static inline int dp_set_quantity(struct dp_options_parser *parser, const struct dp_option_row *row,
                                  struct dp_word value, uint64_t *member)
{
    bool bytes = row->type == DP_TYPE_bytes;
    struct dp_word unit = value;
    char limit[32];
    enum dp_value_problem problem =
        bytes ? dp_scan_quantity(value, dp_size_units(), 1, member, &unit)
              : dp_scan_quantity(value, dp_duration_units(), 1000000, member, &unit);
    if (problem != DP_VALUE_FINE)
        return dp_fail_value(parser, row, value, problem, unit);
    if (*member == 0)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is zero", row->key, DP_SHOWN(value));
    if (*member < row->minimum)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is below its least, %s", row->key,
                               DP_SHOWN(value), dp_show_quantity(row, row->minimum, limit));
    if (*member > row->maximum)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is above its most, %s", row->key,
                               DP_SHOWN(value), dp_show_quantity(row, row->maximum, limit));
    return 0;
}

static inline int dp_set_rate(struct dp_options_parser *parser, const struct dp_option_row *row,
                              struct dp_word value, double *member)
{
    struct dp_word unit;
    char meant[24] = "";
    enum dp_value_problem problem = dp_scan_rate(value, member, &unit);
    if (problem == DP_VALUE_UNKNOWN_UNIT && dp_word_is(unit, "%") && *member <= 100)
        snprintf(meant, sizeof meant, "%g", *member / 100);
    if (problem == DP_VALUE_NOT_A_NUMBER || problem == DP_VALUE_UNKNOWN_UNIT)
        return dp_options_fail(parser, value, meant, "%s '%.*s' is not a number from 0 to 1",
                               row->key, DP_SHOWN(value));
    if (problem == DP_VALUE_NEGATIVE || *member > (double)row->maximum / 1e9)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is outside 0 to 1", row->key,
                               DP_SHOWN(value));
    return 0;
}

static inline int dp_set_env(struct dp_options_parser *parser, struct dp_word value,
                             uint32_t *member)
{
    uint32_t seen = 0;
    for (;;) {
        const char *bar = (const char *)memchr(value.text, '|', value.length);
        size_t length = bar ? (size_t)(bar - value.text) : value.length;
        struct dp_word word = dp_trim(dp_make_word(value.text, length));
        const struct dp_name *name = dp_find_name(dp_env_names(), word);
        if (!name)
            return dp_fail_name(parser, word, dp_env_names(), "an environment");
        if (seen & name->value)
            return dp_options_fail(parser, word, NULL, "environment '%s' twice", name->name);
        seen |= (uint32_t)name->value;
        if (!bar)
            break;
        value = dp_make_word(bar + 1, value.length - length - 1);
    }
    *member = seen;
    return 0;
}

/* "true" or "false" for a word that is nearly a switch (yes, flase), or NULL. */
static inline const char *dp_meant_switch(struct dp_word word)
{
    static const struct dp_name slips[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0},
                                           {"on", 1},   {"off", 0},   {NULL, 0}};
    for (const struct dp_name *slip = slips; slip->name; slip++) {
        size_t length = strlen(slip->name);
        if (dp_edit_distance(word, dp_make_word(slip->name, length)) <= (length > 3))
            return slip->value ? "true" : "false";
    }
    return NULL;
}

static inline int dp_set_bool(struct dp_options_parser *parser, const struct dp_option_row *row,
                              struct dp_word value, bool *member)
{
    if (dp_parse_bool(value.text, value.length, member) == 0)
        return 0;
    return dp_options_fail(parser, value, dp_meant_switch(value),
                           "%s '%.*s' is neither true nor false", row->key, DP_SHOWN(value));
}

/* true, false, or a variable's name; what looks like a switch is more likely a
 * slip than a variable. */
static inline int dp_set_enabled(struct dp_options_parser *parser, const struct dp_option_row *row,
                                 struct dp_word value)
{
    struct dp_options *options = parser->options;
    const char *meant = dp_meant_switch(value);
    bool name = value.length > 0 && !dp_is_digit(value.text[0]);
    options->enabled_by = dp_make_word(value.text, 0);
    if (dp_parse_bool(value.text, value.length, &options->enabled) == 0)
        return 0;
    for (size_t i = 0; i < value.length; i++)
        name = name && dp_is_word_char(value.text[i]);
    if (!name || meant)
        return dp_options_fail(parser, value, meant,
                               "%s '%.*s' is neither true, false nor the name of an environment "
                               "variable",
                               row->key, DP_SHOWN(value));
    options->enabled_by = value;
    return 0;
}

static inline int dp_set_output(struct dp_options_parser *parser, struct dp_word value,
                                struct dp_word *member)
{
    if (value.length == 0)
        return dp_options_fail(parser, value, NULL, "output names no file");
    *member = value;
    return 0;
}

/* Strips the double quotes of a value; inside them there are no others. */
static inline int dp_unquote(struct dp_options_parser *parser, struct dp_word *value)
{
    struct dp_word inside = *value;
    if (value->length >= 2 && value->text[0] == '"' && value->text[value->length - 1] == '"')
        inside = dp_make_word(value->text + 1, value->length - 2);
    if (memchr(inside.text, '"', inside.length))
        return dp_options_fail(parser, *value, NULL, "stray quote in '%.*s'", DP_SHOWN(*value));
    *value = inside;
    return 0;
}

/* key:value, in which the whole or the value alone may be quoted. */
static inline int dp_set_metadata(struct dp_options_parser *parser, struct dp_word value)
{
    struct dp_options *options = parser->options;
    const char *colon = (const char *)memchr(value.text, ':', value.length);
    if (!colon)
        return dp_options_fail(parser, value, NULL, "metadata '%.*s' is not key:value",
                               DP_SHOWN(value));
    struct dp_word key = dp_trim(dp_make_word(value.text, (size_t)(colon - value.text)));
    struct dp_word text =
        dp_trim(dp_make_word(colon + 1, value.length - (size_t)(colon + 1 - value.text)));
    if (dp_unquote(parser, &text) != 0)
        return -1;
    if (key.length == 0)
        return dp_options_fail(parser, value, NULL, "metadata '%.*s' has no key before the colon",
                               DP_SHOWN(value));
    for (size_t i = 0; i < key.length; i++)
        if (!dp_is_word_char(key.text[i]) && key.text[i] != '.' && key.text[i] != '-')
            return dp_options_fail(parser, key, NULL,
                                   "metadata key '%.*s' holds more than letters, digits, _, . "
                                   "and -",
                                   DP_SHOWN(key));
    if (dp_find_name(dp_event_keys(), key))
        return dp_options_fail(parser, key, NULL, "metadata key '%.*s' is one that events have",
                               DP_SHOWN(key));
    for (size_t i = 0; i < options->n_metadata; i++)
        if (options->metadata_key[i].length == key.length &&
            memcmp(options->metadata_key[i].text, key.text, key.length) == 0)
            return dp_options_fail(parser, key, NULL, "metadata key '%.*s' twice", DP_SHOWN(key));
    if (options->n_metadata == DP_METADATA_MAX)
        return dp_options_fail(parser, key, NULL, "more than %d metadata", DP_METADATA_MAX);
    options->metadata_key[options->n_metadata] = key;
    options->metadata_value[options->n_metadata++] = text;
    return 0;
}

static inline int dp_set_option(struct dp_options_parser *parser, const struct dp_option_row *row,
                                struct dp_word value)
{
    void *member = (char *)parser->options + row->member;
    const struct dp_name *name;
    if (dp_unquote(parser, &value) != 0)
        return row->type == DP_TYPE_metadata ? dp_set_metadata(parser, value) : -1;
    switch (row->type) {
    case DP_TYPE_strategy:
        name = dp_find_name(dp_strategy_names(), value);
        if (!name)
            return dp_fail_name(parser, value, dp_strategy_names(), "a strategy");
        parser->options->strategy = (enum dp_strategy)name->value;
        return 0;
    case DP_TYPE_format:
        name = dp_find_name(dp_format_names(), value);
        if (!name)
            return dp_fail_name(parser, value, dp_format_names(), "a format");
        parser->options->format = (enum dp_format)name->value;
        return 0;
    case DP_TYPE_rate:
        return dp_set_rate(parser, row, value, (double *)member);
    case DP_TYPE_duration:
    case DP_TYPE_bytes:
        return dp_set_quantity(parser, row, value, (uint64_t *)member);
    case DP_TYPE_env:
        return dp_set_env(parser, value, (uint32_t *)member);
    case DP_TYPE_enabled:
        return dp_set_enabled(parser, row, value);
    case DP_TYPE_bool:
        return dp_set_bool(parser, row, value, (bool *)member);
    case DP_TYPE_output:
        return dp_set_output(parser, value, (struct dp_word *)member);
    case DP_TYPE_metadata:
        return dp_set_metadata(parser, value);
    }
    return -1;
}

static inline void dp_options_defaults(struct dp_options_parser *parser)
{
    struct dp_options *options = parser->options;
    memset(options, 0, sizeof *options);
    options->attribute = parser->attribute;
    options->rate = 1;
    options->env = DP_ENV_DEV | DP_ENV_TEST | DP_ENV_PROD;
    options->enabled = true;
    options->emit_metrics = true;
    if (parser->attribute == DP_ATTRIBUTE_MEMORY)
        options->strategy = DP_STRATEGY_MEMORY;
    else if (parser->attribute == DP_ATTRIBUTE_CALLS)
        options->strategy = DP_STRATEGY_CALLS;
    else if (parser->attribute == DP_ATTRIBUTE_FLAME_GRAPH)
        options->strategy = DP_STRATEGY_FLAME_GRAPH;
    for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
        const struct dp_option_row *row = &dp_option_rows()[i];
        const char *initial = row->initial[parser->attribute];
        if (initial && initial[0] && strcmp(initial, DP_REQUIRED) != 0)
            dp_set_option(parser, row, dp_make_word(initial, strlen(initial)));
    }
}

/* Could `word` be the value of this option? Only for types that are picky. */
static inline bool dp_could_be(struct dp_options_parser *parser, const struct dp_option_row *row,
                               struct dp_word word)
{
    struct dp_options scratch = *parser->options;
    struct dp_options_error ignored;
    struct dp_options_parser trial = {parser->text, parser->attribute, &scratch, &ignored};
    return row->initial[parser->attribute] && row->type != DP_TYPE_enabled &&
           row->type != DP_TYPE_bool && row->type != DP_TYPE_output &&
           row->type != DP_TYPE_metadata && dp_set_option(&trial, row, word) == 0;
}

/* A word without '=': a key that lacks its value, or a value that lacks its
 * key. A bare number is a rate before it is a duration. */
static inline int dp_fail_positional(struct dp_options_parser *parser, struct dp_word word)
{
    const struct dp_option_row *rows = dp_option_rows();
    char meant[48] = "";
    for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
        if (rows[i].type == DP_TYPE_bool && rows[i].initial[parser->attribute] &&
            dp_word_is(word, rows[i].key))
            snprintf(meant, sizeof meant, "%s=true", rows[i].key);
        else if ((!meant[0] || rows[i].id == DP_OPTION_RATE) && dp_could_be(parser, &rows[i], word))
            snprintf(meant, sizeof meant, "%s=%.*s", rows[i].key, DP_SHOWN(word));
    }
    return dp_options_fail(parser, word, meant, "'%.*s' is not an option: expected key=value",
                           DP_SHOWN(word));
}

static inline int dp_fail_key(struct dp_options_parser *parser, struct dp_word key)
{
    struct dp_name keys[DP_OPTION_COUNT + 1];
    char list[160];
    dp_option_keys(parser->attribute, keys);
    return dp_options_fail(parser, key, dp_nearest_name(keys, key),
                           "%s has no option '%.*s': expected %s",
                           dp_attribute_name(parser->attribute), DP_SHOWN(key),
                           dp_list_names(keys, list, sizeof list));
}

static inline int dp_parse_option(struct dp_options_parser *parser, struct dp_word item, bool first)
{
    const struct dp_option_row *rows = dp_option_rows(), *row = NULL;
    const char *equals = (const char *)memchr(item.text, '=', item.length);
    const char *quote = (const char *)memchr(item.text, '"', item.length);
    struct dp_word key = item, value = item;
    if (!equals || (quote && quote < equals)) {
        for (size_t i = 0; i < DP_OPTION_COUNT; i++)
            if ((rows[i].id == DP_OPTION_THRESHOLD && parser->attribute == DP_ATTRIBUTE_IF_SLOW) ||
                (rows[i].id == DP_OPTION_THRESHOLD_BYTES &&
                 parser->attribute == DP_ATTRIBUTE_MEMORY))
                row = &rows[i];
        if (!first || !row)
            return dp_fail_positional(parser, item);
    } else {
        key = dp_trim(dp_make_word(item.text, (size_t)(equals - item.text)));
        value = dp_trim(dp_make_word(equals + 1, item.length - (size_t)(equals + 1 - item.text)));
        for (size_t i = 0; i < DP_OPTION_COUNT && !row; i++)
            if (rows[i].initial[parser->attribute] && dp_word_is(key, rows[i].key))
                row = &rows[i];
    }
    if (!row)
        return dp_fail_key(parser, key);
    if (value.length == 0)
        return dp_options_fail(parser, key, NULL, "'%s' has no value", row->key);
    if ((parser->options->given & (1u << row->id)) && row->type != DP_TYPE_metadata)
        return dp_options_fail(parser, key, NULL, "'%s' is given twice", row->key);
    parser->options->given |= 1u << row->id;
    return dp_set_option(parser, row, value);
}

/* Where `key` was written, for errors that two options make together. */
static inline struct dp_word dp_written(struct dp_options_parser *parser, const char *key)
{
    size_t length = strlen(key);
    bool quoted = false, word_before = false;
    for (const char *c = parser->text; *c; c++) {
        if (!quoted && !word_before && strncmp(c, key, length) == 0) {
            const char *after = c + length;
            while (dp_is_blank(*after))
                after++;
            if (*after == '=')
                return dp_make_word(c, length);
        }
        quoted = quoted != (*c == '"');
        word_before = dp_is_word_char(*c);
    }
    return dp_make_word(parser->text, 0);
}

static inline bool dp_given(const struct dp_options *options, enum dp_option_id id)
{
    return options->given >> id & 1;
}

/* The format says what the file is, and so does the file's ending. */
static inline int dp_check_format(struct dp_options_parser *parser)
{
    struct dp_options *options = parser->options;
    for (const struct dp_name *name = dp_format_names(); name->name; name++) {
        size_t length = strlen(name->name);
        struct dp_word end = options->output;
        if (end.length <= length || end.text[end.length - length - 1] != '.' ||
            memcmp(end.text + end.length - length, name->name, length) != 0)
            continue;
        if (!dp_given(options, DP_OPTION_FORMAT))
            options->format = (enum dp_format)name->value;
        else if (options->format != (enum dp_format)name->value)
            return dp_options_fail(
                parser, dp_written(parser, "format"), NULL, "format=%s contradicts output '%.*s'",
                dp_format_names()[options->format].name, DP_SHOWN(options->output));
    }
    return 0;
}

static inline int dp_fail_pair(struct dp_options_parser *parser, enum dp_option_id id,
                               const char *why)
{
    const char *key = dp_option_rows()[id].key;
    return dp_options_fail(parser, dp_written(parser, key), NULL, "%s %s", key, why);
}

static inline int dp_check_together(struct dp_options_parser *parser)
{
    static const enum dp_option_id timing[] = {DP_OPTION_THRESHOLD, DP_OPTION_RATE,
                                               DP_OPTION_DURATION};
    static const enum dp_option_id picture[] = {DP_OPTION_OUTPUT, DP_OPTION_FORMAT};
    const struct dp_options *options = parser->options;
    enum dp_attribute attribute = parser->attribute;
    if (dp_given(options, DP_OPTION_RATE) && dp_given(options, DP_OPTION_SAMPLE_RATE))
        return dp_options_fail(parser, dp_written(parser, "sample_rate"), NULL,
                               "rate and sample_rate are one option: give only one of them");
    if (options->strategy == DP_STRATEGY_CALLS && attribute == DP_ATTRIBUTE_IF_SLOW)
        return dp_options_fail(parser, dp_written(parser, "strategy"), NULL,
                               "strategy=calls says nothing here: %s counts every slow call",
                               dp_attribute_name(attribute));
    if (attribute == DP_ATTRIBUTE_PROFILE && options->strategy == DP_STRATEGY_CALLS)
        for (size_t i = 0; i < sizeof timing / sizeof *timing; i++)
            if (dp_given(options, timing[i]))
                return dp_fail_pair(parser, timing[i],
                                    "contradicts strategy=calls, which counts every call");
    if (attribute == DP_ATTRIBUTE_PROFILE && options->strategy != DP_STRATEGY_FLAME_GRAPH)
        for (size_t i = 0; i < sizeof picture / sizeof *picture; i++)
            if (dp_given(options, picture[i]))
                return dp_fail_pair(parser, picture[i], "is for strategy=flame_graph only");
    return dp_check_format(parser);
}

/* The text up to the next comma that is not quoted; false: a quote is open. */
static inline bool dp_next_item(const char *text, struct dp_word *item)
{
    bool quoted = false;
    size_t length = 0;
    for (; text[length] && (quoted || text[length] != ','); length++)
        quoted = quoted != (text[length] == '"');
    *item = dp_make_word(text, length);
    return !quoted;
}

static inline int dp_options_parse(enum dp_attribute attribute, const char *text,
                                   struct dp_options *options, struct dp_options_error *error)
{
    struct dp_options_parser parser = {text, attribute, options, error};
    struct dp_word all = dp_trim(dp_make_word(text, strlen(text))), item;
    memset(error, 0, sizeof *error);
    dp_options_defaults(&parser);
    for (const char *rest = text; all.length > 0; rest = item.text + item.length + 1) {
        if (!dp_next_item(rest, &item))
            return dp_options_fail(&parser, dp_trim(item), NULL, "quote without an end in '%.*s'",
                                   DP_SHOWN(item));
        struct dp_word option = dp_trim(item);
        if (option.length == 0)
            return dp_options_fail(&parser, dp_make_word(item.text, item.text[item.length] == ','),
                                   NULL, "a comma without an option");
        if (dp_parse_option(&parser, option, rest == text) != 0)
            return -1;
        if (item.text[item.length] == '\0')
            break;
    }
    for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
        const struct dp_option_row *row = &dp_option_rows()[i];
        if (row->initial[attribute] && strcmp(row->initial[attribute], DP_REQUIRED) == 0 &&
            !dp_given(options, row->id))
            return dp_options_fail(&parser, dp_make_word(text, 0), NULL, "%s needs a %s",
                                   dp_attribute_name(attribute), row->key);
    }
    return dp_check_together(&parser);
}

#endif
