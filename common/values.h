/*
 * Values as people write them: durations, sizes, rates, switches, and what was
 * probably meant by a misspelt word.
 *
 * Used by options.h, by the parser of rules and settings in the runtime, and
 * by the tool. Header only. Allocates nothing, reads no locale (a host program
 * may have set one with a decimal comma), never sets errno.
 */
#ifndef DEEP_PROFILE_ABI_VALUES_H
#define DEEP_PROFILE_ABI_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A part of a text: not terminated, not owned. */
struct dp_word {
    const char *text;
    size_t length;
};

/* A word and what it stands for; tables end with a NULL name. */
struct dp_name {
    const char *name;
    uint64_t value;
};

enum dp_value_problem {
    DP_VALUE_FINE,
    DP_VALUE_NOT_A_NUMBER,
    DP_VALUE_NEGATIVE,
    DP_VALUE_UNKNOWN_UNIT,
    DP_VALUE_TOO_LARGE,
};

static inline const struct dp_name *dp_duration_units(void)
{
    static const struct dp_name units[] = {
        {"ns", 1},          {"us", 1000},          {"ms", 1000000},
        {"s", 1000000000u}, {"min", 60000000000u}, {NULL, 0},
    };
    return units;
}

static inline const struct dp_name *dp_size_units(void)
{
    static const struct dp_name units[] = {
        {"B", 1}, {"KB", 1u << 10}, {"MB", 1u << 20}, {"GB", 1u << 30}, {NULL, 0},
    };
    return units;
}

static inline const struct dp_name *dp_switch_names(void)
{
    static const struct dp_name names[] = {
        {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"1", 1}, {"0", 0}, {NULL, 0},
    };
    return names;
}

/* ctype.h depends on the locale. */
static inline bool dp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool dp_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool dp_is_word_char(char c)
{
    return dp_is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char dp_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline struct dp_word dp_make_word(const char *text, size_t length)
{
    struct dp_word word = {text, length};
    return word;
}

static inline struct dp_word dp_trim(struct dp_word word)
{
    while (word.length > 0 && dp_is_blank(word.text[0]))
        word = dp_make_word(word.text + 1, word.length - 1);
    while (word.length > 0 && dp_is_blank(word.text[word.length - 1]))
        word.length--;
    return word;
}

static inline bool dp_word_is(struct dp_word word, const char *name)
{
    return strlen(name) == word.length && memcmp(word.text, name, word.length) == 0;
}

/* The row of `names` that `word` is, or NULL. */
static inline const struct dp_name *dp_find_name(const struct dp_name *names, struct dp_word word)
{
    for (; names->name; names++)
        if (dp_word_is(word, names->name))
            return names;
    return NULL;
}

/*
 * Decimal digits with at most one point, from the front of *word, which is
 * moved past them. `whole` saturates. Returns false if there is no digit.
 */
static inline bool dp_scan_decimal(struct dp_word *word, uint64_t *whole, double *fraction)
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

/*
 * A number with a unit of `units`, or without one: then it counts `bare`. On
 * DP_VALUE_UNKNOWN_UNIT `*unit` is the bad word.
 */
static inline enum dp_value_problem dp_scan_quantity(struct dp_word word,
                                                     const struct dp_name *units, uint64_t bare,
                                                     uint64_t *value, struct dp_word *unit)
{
    uint64_t whole, factor = bare;
    double fraction;
    word = dp_trim(word);
    bool negative = word.length > 0 && word.text[0] == '-';
    if (negative)
        word = dp_make_word(word.text + 1, word.length - 1);
    if (!dp_scan_decimal(&word, &whole, &fraction))
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
    if (whole >= (UINT64_MAX - rest) / factor) /* also when `whole` is saturated */
        return DP_VALUE_TOO_LARGE;
    *value = whole * factor + rest;
    return DP_VALUE_FINE;
}

/* A share: a plain number (0.001, 1e-3) without a unit. Not checked against 1. */
static inline enum dp_value_problem dp_scan_rate(struct dp_word word, double *rate,
                                                 struct dp_word *unit)
{
    uint64_t whole;
    double fraction;
    word = dp_trim(word);
    bool negative = word.length > 0 && word.text[0] == '-';
    if (negative)
        word = dp_make_word(word.text + 1, word.length - 1);
    if (!dp_scan_decimal(&word, &whole, &fraction))
        return DP_VALUE_NOT_A_NUMBER;
    *rate = (double)whole + fraction;
    if (word.length > 2 && dp_lower(word.text[0]) == 'e' && word.text[1] == '-') {
        uint64_t exponent;
        word = dp_make_word(word.text + 2, word.length - 2);
        if (!dp_scan_decimal(&word, &exponent, &fraction) || fraction > 0)
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

/* 500ms, 1.5s; a bare number is ms. These four return 0, or -1 and leave the
 * result alone. */
static inline int dp_parse_duration(const char *text, size_t length, uint64_t *duration_ns)
{
    struct dp_word unit;
    return dp_scan_quantity(dp_make_word(text, length), dp_duration_units(), 1000000, duration_ns,
                            &unit) == DP_VALUE_FINE
               ? 0
               : -1;
}

/* 64KB, 10MB; a bare number is bytes. */
static inline int dp_parse_bytes(const char *text, size_t length, uint64_t *bytes)
{
    struct dp_word unit;
    return dp_scan_quantity(dp_make_word(text, length), dp_size_units(), 1, bytes, &unit) ==
                   DP_VALUE_FINE
               ? 0
               : -1;
}

/* 0 to 1. */
static inline int dp_parse_rate(const char *text, size_t length, double *rate)
{
    double value;
    struct dp_word unit;
    if (dp_scan_rate(dp_make_word(text, length), &value, &unit) != DP_VALUE_FINE || value > 1)
        return -1;
    *rate = value;
    return 0;
}

/* true, on, 1; false, off, 0. */
static inline int dp_parse_bool(const char *text, size_t length, bool *value)
{
    const struct dp_name *name =
        dp_find_name(dp_switch_names(), dp_trim(dp_make_word(text, length)));
    if (!name)
        return -1;
    *value = name->value != 0;
    return 0;
}

#define DP_SUGGEST_MAX 24 /* longer words are never close to one of ours */

/* Insertions, deletions, changes and swaps of neighbours between the two,
 * upper and lower case alike; DP_SUGGEST_MAX if either is too long. */
static inline size_t dp_edit_distance(struct dp_word a, struct dp_word b)
{
    size_t rows[3][DP_SUGGEST_MAX + 1];
    if (a.length >= DP_SUGGEST_MAX || b.length >= DP_SUGGEST_MAX)
        return DP_SUGGEST_MAX;
    for (size_t j = 0; j <= b.length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *over = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            char x = dp_lower(a.text[i - 1]), y = dp_lower(b.text[j - 1]);
            size_t best = above[j - 1] + (x != y);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == dp_lower(b.text[j - 2]) && y == dp_lower(a.text[i - 2]) &&
                over[j - 2] + 1 < best)
                best = over[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a.length % 3][b.length];
}

static inline bool dp_starts_with(struct dp_word word, struct dp_word start)
{
    if (start.length == 0 || word.length < start.length)
        return false;
    for (size_t i = 0; i < start.length; i++)
        if (dp_lower(word.text[i]) != dp_lower(start.text[i]))
            return false;
    return true;
}

/* How far `word` is from `name`: 0 nearest, DP_SUGGEST_MAX too far to mention.
 * A word that goes on after the name (production, msec) is a near miss. */
static inline size_t dp_distance(struct dp_word word, const char *name)
{
    struct dp_word known = dp_make_word(name, strlen(name));
    size_t distance = dp_edit_distance(word, known);
    size_t longer = word.length > known.length ? word.length : known.length;
    if (distance == 0)
        return 0;
    if (dp_starts_with(word, known))
        return 1 + (longer - known.length) / 8 + (known.length == 1);
    if (dp_starts_with(known, word))
        return 1 + (word.length < 3);
    return distance <= (longer + 1) / 3 ? distance + 1 : DP_SUGGEST_MAX;
}

/* The name that was probably meant by `word`, or NULL. */
static inline const char *dp_nearest_name(const struct dp_name *names, struct dp_word word)
{
    const char *nearest = NULL;
    size_t best = DP_SUGGEST_MAX;
    for (; names->name; names++) {
        size_t distance = dp_distance(word, names->name);
        if (distance < best) {
            best = distance;
            nearest = names->name;
        }
    }
    return nearest;
}

#endif
