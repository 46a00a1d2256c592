/* See values.h. */
#include "values.h"

#include <string.h>

const struct dp_name *dp_duration_units(void)
{
    static const struct dp_name units[] = {
        {"ns", 1},          {"us", 1000},          {"ms", 1000000},
        {"s", 1000000000u}, {"min", 60000000000u}, {NULL, 0},
    };
    return units;
}

const struct dp_name *dp_size_units(void)
{
    static const struct dp_name units[] = {
        {"B", 1}, {"KB", 1u << 10}, {"MB", 1u << 20}, {"GB", 1u << 30}, {NULL, 0},
    };
    return units;
}

static const struct dp_name *switch_names(void)
{
    static const struct dp_name names[] = {
        {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"1", 1}, {"0", 0}, {NULL, 0},
    };
    return names;
}

bool dp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool dp_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool dp_is_word_char(char c)
{
    return dp_is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char dp_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct dp_word dp_trim(struct dp_word word)
{
    while (word.length > 0 && dp_is_blank(word.text[0]))
        word = dp_make_word(word.text + 1, word.length - 1);
    while (word.length > 0 && dp_is_blank(word.text[word.length - 1]))
        word.length--;
    return word;
}

bool dp_word_is(struct dp_word word, const char *name)
{
    return strlen(name) == word.length && memcmp(word.text, name, word.length) == 0;
}

const struct dp_name *dp_find_name(const struct dp_name *names, struct dp_word word)
{
    for (; names->name; names++)
        if (dp_word_is(word, names->name))
            return names;
    return NULL;
}

/* Reads decimal digits with at most one point from the front of *word, which then begins
 * after them. `whole` saturates. Returns false if there is no digit. */
static bool scan_decimal(struct dp_word *word, uint64_t *whole, double *fraction)
{
    size_t i = 0, digits = 0;
    double scale = 1, part = 0;
    *whole = 0;
    for (; i < word->length && dp_is_digit(word->text[i]); i++, digits++) {
        uint64_t digit = (uint64_t)(word->text[i] - '0');
        *whole = *whole > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *whole * 10 + digit;
    }
    if (i < word->length && word->text[i] == '.')
        for (i++; i < word->length && dp_is_digit(word->text[i]); i++, digits++)
            if (scale < 1e15) {
                part = part * 10 + (word->text[i] - '0');
                scale *= 10;
            }
    *fraction = part / scale;
    *word = dp_make_word(word->text + i, word->length - i);
    return digits > 0;
}

/* Takes a minus sign off the front of *word. */
static bool take_minus(struct dp_word *word)
{
    bool minus = word->length > 0 && word->text[0] == '-';
    if (minus)
        *word = dp_make_word(word->text + 1, word->length - 1);
    return minus;
}

/* scan_decimal() after blanks and a minus sign. */
static bool scan_number(struct dp_word *word, uint64_t *whole, double *fraction, bool *negative)
{
    *word = dp_trim(*word);
    *negative = take_minus(word);
    return scan_decimal(word, whole, fraction);
}

enum dp_value_problem dp_scan_quantity(struct dp_word word, const struct dp_name *units,
                                       uint64_t bare, uint64_t *value, struct dp_word *unit)
{
    uint64_t whole, factor = bare;
    double fraction;
    bool negative;
    if (!scan_number(&word, &whole, &fraction, &negative))
        return DP_VALUE_NOT_A_NUMBER;
    *unit = dp_trim(word);
    if (unit->length > 0) {
        const struct dp_name *known = dp_find_name(units, *unit);
        if (!known)
            return DP_VALUE_UNKNOWN_UNIT;
        factor = known->value;
    }
    if (negative && (whole > 0 || fraction > 0))
        return DP_VALUE_NEGATIVE;
    uint64_t rest = (uint64_t)(fraction * (double)factor + 0.5);
    if (whole >= (UINT64_MAX - rest) / factor) /* also true if `whole` has saturated */
        return DP_VALUE_TOO_LARGE;
    *value = whole * factor + rest;
    return DP_VALUE_FINE;
}

enum dp_value_problem dp_scan_rate(struct dp_word word, double *rate, struct dp_word *unit)
{
    uint64_t whole;
    double fraction;
    bool negative;
    if (!scan_number(&word, &whole, &fraction, &negative))
        return DP_VALUE_NOT_A_NUMBER;
    *rate = (double)whole + fraction;
    if (word.length > 2 && dp_lower(word.text[0]) == 'e' && word.text[1] == '-') {
        uint64_t exponent;
        word = dp_make_word(word.text + 2, word.length - 2);
        if (!scan_decimal(&word, &exponent, &fraction) || fraction > 0)
            return DP_VALUE_NOT_A_NUMBER;
        double divisor = 1;
        for (uint64_t i = 0; i < exponent && i < 300; i++)
            divisor *= 10;
        *rate /= divisor;
    }
    *unit = dp_trim(word);
    if (unit->length > 0)
        return DP_VALUE_UNKNOWN_UNIT;
    return negative && *rate > 0 ? DP_VALUE_NEGATIVE : DP_VALUE_FINE;
}

enum dp_value_problem dp_scan_integer(struct dp_word word, uint64_t *value)
{
    uint64_t number = 0;
    bool negative = take_minus(&word), too_large = false;
    if (word.length == 0)
        return DP_VALUE_NOT_A_NUMBER;
    for (size_t i = 0; i < word.length; i++) {
        if (!dp_is_digit(word.text[i]))
            return DP_VALUE_NOT_A_NUMBER;
        uint64_t digit = (uint64_t)(word.text[i] - '0');
        too_large |= number > (UINT64_MAX - digit) / 10;
        number = number * 10 + digit;
    }
    if (negative)
        return DP_VALUE_NEGATIVE;
    if (too_large)
        return DP_VALUE_TOO_LARGE;
    *value = number;
    return DP_VALUE_FINE;
}

int dp_parse_duration(const char *text, size_t length, uint64_t *duration_ns)
{
    struct dp_word unit;
    return dp_scan_quantity(dp_make_word(text, length), dp_duration_units(), 1000000, duration_ns,
                            &unit) == DP_VALUE_FINE
               ? 0
               : -1;
}

int dp_parse_bytes(const char *text, size_t length, uint64_t *bytes)
{
    struct dp_word unit;
    return dp_scan_quantity(dp_make_word(text, length), dp_size_units(), 1, bytes, &unit) ==
                   DP_VALUE_FINE
               ? 0
               : -1;
}

int dp_parse_rate(const char *text, size_t length, double *rate)
{
    double value;
    struct dp_word unit;
    enum dp_value_problem problem = dp_scan_rate(dp_make_word(text, length), &value, &unit);
    if (problem == DP_VALUE_UNKNOWN_UNIT && unit.length == 1 && unit.text[0] == '%') {
        value /= 100;
        problem = DP_VALUE_FINE;
    }
    if (problem != DP_VALUE_FINE || value > 1)
        return -1;
    *rate = value;
    return 0;
}

int dp_parse_integer(const char *text, size_t length, uint64_t *value)
{
    return dp_scan_integer(dp_make_word(text, length), value) == DP_VALUE_FINE ? 0 : -1;
}

int dp_parse_bool(const char *text, size_t length, bool *value)
{
    const struct dp_name *name = dp_find_name(switch_names(), dp_trim(dp_make_word(text, length)));
    if (!name)
        return -1;
    *value = name->value != 0;
    return 0;
}
