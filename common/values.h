/*
 * Reads values as people write them: durations, sizes, rates, whole numbers, switches. Used
 * by the parsers of options, rules and settings, and by the tool. Allocates nothing, reads
 * no locale (a host program may have set one with a decimal comma), never sets errno.
 */
#ifndef DP_COMMON_VALUES_H
#define DP_COMMON_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A part of a text: not terminated, not owned. */
struct dp_word {
    const char *text;
    size_t length;
};

/* A word and its value; a NULL name ends a table. */
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

/* Tables of units and their factors. */
const struct dp_name *dp_duration_units(void);
const struct dp_name *dp_size_units(void);

/* Like those of ctype.h, which depend on the locale. */
bool dp_is_digit(char c);
bool dp_is_blank(char c);
bool dp_is_word_char(char c); /* letters, digits and _ */
char dp_lower(char c);

static inline struct dp_word dp_make_word(const char *text, size_t length)
{
    struct dp_word word = {text, length};
    return word;
}

/* The word without the blanks at both ends. */
struct dp_word dp_trim(struct dp_word word);

bool dp_word_is(struct dp_word word, const char *name);

/* The row of `names` for `word`, or NULL. */
const struct dp_name *dp_find_name(const struct dp_name *names, struct dp_word word);

/*
 * Reads a number with a unit of `units`; a number without a unit is multiplied by `bare`.
 * On DP_VALUE_UNKNOWN_UNIT `*unit` is the bad word. *value changes only on success.
 */
enum dp_value_problem dp_scan_quantity(struct dp_word word, const struct dp_name *units,
                                       uint64_t bare, uint64_t *value, struct dp_word *unit);

/* Reads a share: a plain number (0.001, 1e-3) without a unit. May exceed 1. */
enum dp_value_problem dp_scan_rate(struct dp_word word, double *rate, struct dp_word *unit);

/* Reads a whole number: decimal digits only; a minus sign gives DP_VALUE_NEGATIVE. *value
 * changes only on success. */
enum dp_value_problem dp_scan_integer(struct dp_word word, uint64_t *value);

/* These return 0; or -1, and leave the result alone. */
int dp_parse_duration(const char *text, size_t length, uint64_t *duration_ns); /* bare: ms */
int dp_parse_bytes(const char *text, size_t length, uint64_t *bytes);
int dp_parse_rate(const char *text, size_t length, double *rate); /* 0 to 1 */
int dp_parse_integer(const char *text, size_t length, uint64_t *value);
int dp_parse_bool(const char *text, size_t length, bool *value); /* true on 1, false off 0 */

#ifdef __cplusplus
}
#endif

#endif
