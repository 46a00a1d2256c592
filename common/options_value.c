/* Reads the value of one option by its row's type, or refuses it with what was expected. */
#include "options_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spelling.h"

int dp_options_fail(struct dp_options_parser *parser, struct dp_word at, const char *suggestion,
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

const char *dp_list_names(const struct dp_name *names, char *buffer, size_t size)
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

static int fail_name(struct dp_options_parser *parser, struct dp_word word,
                     const struct dp_name *names, const char *what)
{
    char list[160];
    return dp_options_fail(parser, word, dp_nearest_name(names, word),
                           "'%.*s' is not %s: expected %s", DP_SHOWN(word), what,
                           dp_list_names(names, list, sizeof list));
}

/* Reports why `value` is no duration or size. */
static int fail_value(struct dp_options_parser *parser, const struct dp_option_row *row,
                      struct dp_word value, enum dp_value_problem problem, struct dp_word unit)
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

/* Writes a limit of the table in the largest unit that divides it. */
static const char *show_quantity(const struct dp_option_row *row, uint64_t value, char buffer[32])
{
    const struct dp_name *unit = row->type == DP_TYPE_bytes ? dp_size_units() : dp_duration_units();
    while (unit[1].name && value % unit[1].value == 0)
        unit++;
    snprintf(buffer, 32, "%llu%s", (unsigned long long)(value / unit->value), unit->name);
    return buffer;
}

static int set_quantity(struct dp_options_parser *parser, const struct dp_option_row *row,
                        struct dp_word value, uint64_t *member)
{
    bool bytes = row->type == DP_TYPE_bytes;
    struct dp_word unit = value;
    char limit[32];
    enum dp_value_problem problem =
        bytes ? dp_scan_quantity(value, dp_size_units(), 1, member, &unit)
              : dp_scan_quantity(value, dp_duration_units(), 1000000, member, &unit);
    if (problem != DP_VALUE_FINE)
        return fail_value(parser, row, value, problem, unit);
    if (*member == 0)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is zero", row->key, DP_SHOWN(value));
    if (*member < row->minimum)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is below its least, %s", row->key,
                               DP_SHOWN(value), show_quantity(row, row->minimum, limit));
    if (*member > row->maximum)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is above its most, %s", row->key,
                               DP_SHOWN(value), show_quantity(row, row->maximum, limit));
    return 0;
}

static int set_integer(struct dp_options_parser *parser, const struct dp_option_row *row,
                       struct dp_word value, uint64_t *member)
{
    enum dp_value_problem problem = dp_scan_integer(value, member);
    if (problem == DP_VALUE_FINE && *member >= row->minimum && *member <= row->maximum)
        return 0;
    return dp_options_fail(parser, value, NULL, "%s '%.*s' is %s %llu to %llu", row->key,
                           DP_SHOWN(value),
                           problem == DP_VALUE_NOT_A_NUMBER ? "not a whole number from" : "outside",
                           (unsigned long long)row->minimum, (unsigned long long)row->maximum);
}

/* Options are text: what looks like a macro is one that its author believes to be expanded. */
static const char *macro_hint(struct dp_word value)
{
    bool letter = false;

    for (size_t i = 0; i < value.length; i++) {
        char c = value.text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return "";
        letter |= c >= 'A' && c <= 'Z';
    }
    return letter ? "; macros are not expanded here" : "";
}

static int set_rate(struct dp_options_parser *parser, const struct dp_option_row *row,
                    struct dp_word value, double *member)
{
    struct dp_word unit;
    char meant[24] = "";
    enum dp_value_problem problem = dp_scan_rate(value, member, &unit);
    if (problem == DP_VALUE_UNKNOWN_UNIT && dp_word_is(unit, "%") && *member <= 100)
        snprintf(meant, sizeof meant, "%g", *member / 100);
    if (problem == DP_VALUE_NOT_A_NUMBER || problem == DP_VALUE_UNKNOWN_UNIT)
        return dp_options_fail(parser, value, meant, "%s '%.*s' is not a number from 0 to 1%s",
                               row->key, DP_SHOWN(value), macro_hint(value));
    if (problem == DP_VALUE_NEGATIVE || *member > (double)row->maximum / 1e9)
        return dp_options_fail(parser, value, NULL, "%s '%.*s' is outside 0 to 1", row->key,
                               DP_SHOWN(value));
    return 0;
}

static int set_env(struct dp_options_parser *parser, struct dp_word value, uint32_t *member)
{
    uint32_t seen = 0;
    for (;;) {
        const char *bar = memchr(value.text, '|', value.length);
        size_t length = bar ? (size_t)(bar - value.text) : value.length;
        struct dp_word word = dp_trim(dp_make_word(value.text, length));
        const struct dp_name *name = dp_find_name(dp_env_names(), word);
        if (!name)
            return fail_name(parser, word, dp_env_names(), "an environment");
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

/* "true" or "false" for a word that resembles a switch (yes, flase); otherwise NULL. */
static const char *meant_switch(struct dp_word word)
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

static int set_bool(struct dp_options_parser *parser, const struct dp_option_row *row,
                    struct dp_word value, bool *member)
{
    if (dp_parse_bool(value.text, value.length, member) == 0)
        return 0;
    return dp_options_fail(parser, value, meant_switch(value),
                           "%s '%.*s' is neither true nor false", row->key, DP_SHOWN(value));
}

/* true, false, or the name of a variable. A word that resembles a switch is taken for a
 * misspelt switch. */
static int set_enabled(struct dp_options_parser *parser, const struct dp_option_row *row,
                       struct dp_word value)
{
    struct dp_options *options = parser->options;
    const char *meant = meant_switch(value);
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

static int set_output(struct dp_options_parser *parser, struct dp_word value,
                      struct dp_word *member)
{
    if (value.length == 0)
        return dp_options_fail(parser, value, NULL, "output names no file");
    *member = value;
    return 0;
}

/* Removes the double quotes of a value; there may be none inside. */
static int unquote(struct dp_options_parser *parser, struct dp_word *value)
{
    struct dp_word inside = *value;
    if (value->length >= 2 && value->text[0] == '"' && value->text[value->length - 1] == '"')
        inside = dp_make_word(value->text + 1, value->length - 2);
    if (memchr(inside.text, '"', inside.length))
        return dp_options_fail(parser, *value, NULL, "stray quote in '%.*s'", DP_SHOWN(*value));
    *value = inside;
    return 0;
}

/* key:value, where the whole or only the value may be quoted. */
static int set_metadata(struct dp_options_parser *parser, struct dp_word value)
{
    struct dp_options *options = parser->options;
    const char *colon = memchr(value.text, ':', value.length);
    if (!colon)
        return dp_options_fail(parser, value, NULL, "metadata '%.*s' is not key:value",
                               DP_SHOWN(value));
    struct dp_word key = dp_trim(dp_make_word(value.text, (size_t)(colon - value.text)));
    struct dp_word text =
        dp_trim(dp_make_word(colon + 1, value.length - (size_t)(colon + 1 - value.text)));
    if (unquote(parser, &text) != 0)
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

int dp_options_set(struct dp_options_parser *parser, const struct dp_option_row *row,
                   struct dp_word value)
{
    void *member = (char *)parser->options + row->member;
    const struct dp_name *name;
    if (unquote(parser, &value) != 0)
        return row->type == DP_TYPE_metadata ? set_metadata(parser, value) : -1;
    switch (row->type) {
    case DP_TYPE_strategy:
        name = dp_find_name(dp_strategy_names(), value);
        if (!name)
            return fail_name(parser, value, dp_strategy_names(), "a strategy");
        parser->options->strategy = (enum dp_strategy)name->value;
        return 0;
    case DP_TYPE_format:
        name = dp_find_name(dp_format_names(), value);
        if (!name)
            return fail_name(parser, value, dp_format_names(), "a format");
        parser->options->format = (enum dp_format)name->value;
        return 0;
    case DP_TYPE_rate:
        return set_rate(parser, row, value, member);
    case DP_TYPE_duration:
    case DP_TYPE_bytes:
        return set_quantity(parser, row, value, member);
    case DP_TYPE_integer:
        return set_integer(parser, row, value, member);
    case DP_TYPE_env:
        return set_env(parser, value, member);
    case DP_TYPE_enabled:
        return set_enabled(parser, row, value);
    case DP_TYPE_bool:
        return set_bool(parser, row, value, member);
    case DP_TYPE_output:
        return set_output(parser, value, member);
    case DP_TYPE_metadata:
        return set_metadata(parser, value);
    }
    return -1;
}
