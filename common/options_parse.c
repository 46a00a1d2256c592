/* dp_options_parse(): cuts the text into options, finds each one's row of options.def,
 * sets its member, then checks what holds between options. */
#include "options_value.h"

#include <stdio.h>
#include <string.h>

#include "spelling.h"

/* The keys that `attribute` takes, as names whose value is the row. */
static void keys_of(enum dp_attribute attribute, struct dp_name keys[DP_OPTION_COUNT + 1])
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

static void set_defaults(struct dp_options_parser *parser)
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
            dp_options_set(parser, row, dp_make_word(initial, strlen(initial)));
    }
}

/* Could `word` be the value of this option? Only for types that accept few words. */
static bool could_be(struct dp_options_parser *parser, const struct dp_option_row *row,
                     struct dp_word word)
{
    struct dp_options scratch = *parser->options;
    struct dp_options_error ignored;
    struct dp_options_parser trial = {parser->text, parser->attribute, &scratch, &ignored};
    return row->initial[parser->attribute] && row->type != DP_TYPE_enabled &&
           row->type != DP_TYPE_bool && row->type != DP_TYPE_output &&
           row->type != DP_TYPE_metadata && dp_options_set(&trial, row, word) == 0;
}

/* A word without '=': a key that lacks its value, or a value that lacks its key. A bare
 * number is taken for a rate rather than a duration. */
static int fail_positional(struct dp_options_parser *parser, struct dp_word word)
{
    const struct dp_option_row *rows = dp_option_rows();
    char meant[48] = "";
    for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
        if (rows[i].type == DP_TYPE_bool && rows[i].initial[parser->attribute] &&
            dp_word_is(word, rows[i].key))
            snprintf(meant, sizeof meant, "%s=true", rows[i].key);
        else if ((!meant[0] || rows[i].id == DP_OPTION_RATE) && could_be(parser, &rows[i], word))
            snprintf(meant, sizeof meant, "%s=%.*s", rows[i].key, DP_SHOWN(word));
    }
    return dp_options_fail(parser, word, meant, "'%.*s' is not an option: expected key=value",
                           DP_SHOWN(word));
}

static int fail_key(struct dp_options_parser *parser, struct dp_word key)
{
    struct dp_name keys[DP_OPTION_COUNT + 1];
    char list[160];
    keys_of(parser->attribute, keys);
    return dp_options_fail(parser, key, dp_nearest_name(keys, key),
                           "%s has no option '%.*s': expected %s",
                           dp_attribute_name(parser->attribute), DP_SHOWN(key),
                           dp_list_names(keys, list, sizeof list));
}

static int parse_option(struct dp_options_parser *parser, struct dp_word item, bool first)
{
    const struct dp_option_row *rows = dp_option_rows(), *row = NULL;
    const char *equals = memchr(item.text, '=', item.length);
    const char *quote = memchr(item.text, '"', item.length);
    struct dp_word key = item, value = item;
    if (!equals || (quote && quote < equals)) {
        for (size_t i = 0; i < DP_OPTION_COUNT; i++)
            if ((rows[i].id == DP_OPTION_THRESHOLD && parser->attribute == DP_ATTRIBUTE_IF_SLOW) ||
                (rows[i].id == DP_OPTION_THRESHOLD_BYTES &&
                 parser->attribute == DP_ATTRIBUTE_MEMORY))
                row = &rows[i];
        if (!first || !row)
            return fail_positional(parser, item);
    } else {
        key = dp_trim(dp_make_word(item.text, (size_t)(equals - item.text)));
        value = dp_trim(dp_make_word(equals + 1, item.length - (size_t)(equals + 1 - item.text)));
        for (size_t i = 0; i < DP_OPTION_COUNT && !row; i++)
            if (rows[i].initial[parser->attribute] && dp_word_is(key, rows[i].key))
                row = &rows[i];
    }
    if (!row)
        return fail_key(parser, key);
    if (value.length == 0)
        return dp_options_fail(parser, key, NULL, "'%s' has no value", row->key);
    if ((parser->options->given & (1u << row->id)) && row->type != DP_TYPE_metadata)
        return dp_options_fail(parser, key, NULL, "'%s' is given twice", row->key);
    parser->options->given |= 1u << row->id;
    return dp_options_set(parser, row, value);
}

/* The place of `key` in the text, for errors that involve two options. */
static struct dp_word written(struct dp_options_parser *parser, const char *key)
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

static bool given(const struct dp_options *options, enum dp_option_id id)
{
    return options->given >> id & 1;
}

/* Checks that the format agrees with the ending of the file's name. */
static int check_format(struct dp_options_parser *parser)
{
    struct dp_options *options = parser->options;
    for (const struct dp_name *name = dp_format_names(); name->name; name++) {
        size_t length = strlen(name->name);
        struct dp_word end = options->output;
        if (end.length <= length || end.text[end.length - length - 1] != '.' ||
            memcmp(end.text + end.length - length, name->name, length) != 0)
            continue;
        if (!given(options, DP_OPTION_FORMAT))
            options->format = (enum dp_format)name->value;
        else if (options->format != (enum dp_format)name->value)
            return dp_options_fail(
                parser, written(parser, "format"), NULL, "format=%s contradicts output '%.*s'",
                dp_format_names()[options->format].name, DP_SHOWN(options->output));
    }
    return 0;
}

static int fail_pair(struct dp_options_parser *parser, enum dp_option_id id, const char *why)
{
    const char *key = dp_option_rows()[id].key;
    return dp_options_fail(parser, written(parser, key), NULL, "%s %s", key, why);
}

static int check_together(struct dp_options_parser *parser)
{
    static const enum dp_option_id timing[] = {DP_OPTION_THRESHOLD, DP_OPTION_RATE,
                                               DP_OPTION_DURATION};
    static const enum dp_option_id picture[] = {DP_OPTION_OUTPUT, DP_OPTION_FORMAT};
    const struct dp_options *options = parser->options;
    enum dp_attribute attribute = parser->attribute;
    if (given(options, DP_OPTION_RATE) && given(options, DP_OPTION_SAMPLE_RATE))
        return dp_options_fail(parser, written(parser, "sample_rate"), NULL,
                               "rate and sample_rate are one option: give only one of them");
    if (options->strategy == DP_STRATEGY_CALLS && attribute == DP_ATTRIBUTE_IF_SLOW)
        return dp_options_fail(parser, written(parser, "strategy"), NULL,
                               "strategy=calls says nothing here: %s counts every slow call",
                               dp_attribute_name(attribute));
    if (attribute == DP_ATTRIBUTE_PROFILE && options->strategy == DP_STRATEGY_CALLS)
        for (size_t i = 0; i < sizeof timing / sizeof *timing; i++)
            if (given(options, timing[i]))
                return fail_pair(parser, timing[i],
                                 "contradicts strategy=calls, which counts every call");
    if (attribute == DP_ATTRIBUTE_PROFILE && options->strategy != DP_STRATEGY_FLAME_GRAPH)
        for (size_t i = 0; i < sizeof picture / sizeof *picture; i++)
            if (given(options, picture[i]))
                return fail_pair(parser, picture[i], "is for strategy=flame_graph only");
    return check_format(parser);
}

/* Cuts off the text up to the next comma outside quotes; false: a quote is not closed. */
static bool next_item(const char *text, struct dp_word *item)
{
    bool quoted = false;
    size_t length = 0;
    for (; text[length] && (quoted || text[length] != ','); length++)
        quoted = quoted != (text[length] == '"');
    *item = dp_make_word(text, length);
    return !quoted;
}

int dp_options_parse(enum dp_attribute attribute, const char *text, struct dp_options *options,
                     struct dp_options_error *error)
{
    struct dp_options_parser parser = {text, attribute, options, error};
    struct dp_word all = dp_trim(dp_make_word(text, strlen(text))), item;
    memset(error, 0, sizeof *error);
    set_defaults(&parser);
    for (const char *rest = text; all.length > 0; rest = item.text + item.length + 1) {
        if (!next_item(rest, &item))
            return dp_options_fail(&parser, dp_trim(item), NULL, "quote without an end in '%.*s'",
                                   DP_SHOWN(item));
        struct dp_word option = dp_trim(item);
        if (option.length == 0)
            return dp_options_fail(&parser, dp_make_word(item.text, item.text[item.length] == ','),
                                   NULL, "a comma without an option");
        if (parse_option(&parser, option, rest == text) != 0)
            return -1;
        if (item.text[item.length] == '\0')
            break;
    }
    for (size_t i = 0; i < DP_OPTION_COUNT; i++) {
        const struct dp_option_row *row = &dp_option_rows()[i];
        if (row->initial[attribute] && strcmp(row->initial[attribute], DP_REQUIRED) == 0 &&
            !given(options, row->id))
            return dp_options_fail(&parser, dp_make_word(text, 0), NULL, "%s needs a %s",
                                   dp_attribute_name(attribute), row->key);
    }
    return check_together(&parser);
}
