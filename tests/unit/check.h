/*
 * CHECK and its relatives: each says what does not hold, and ends the test as failed.
 * For every unit test, in C and in C++.
 */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noreturn, format(printf, 4, 5))) static inline void
check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s:%d: %s:", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(1);
}

/* CHECK(condition) or CHECK(condition, "format", …): a row of a table says which it is. */
#define CHECK(condition, ...)                                                              \
    do {                                                                                   \
        if (!(condition))                                                                  \
            check_failed(__FILE__, __LINE__, #condition, " " __VA_ARGS__);                 \
    } while (0)

#define CHECK_TEXT(value, expected)                                                        \
    do {                                                                                   \
        const char *value_ = (value), *expected_ = (expected);                             \
        if (strcmp(value_, expected_) != 0)                                                \
            check_failed(__FILE__, __LINE__, #value, " is\n  \"%s\"\nnot\n  \"%s\"", value_, \
                         expected_);                                                       \
    } while (0)

/* At most `tolerance` away from what is expected. */
#define CHECK_WITHIN(value, expected, tolerance)                                           \
    do {                                                                                   \
        double value_ = (double)(value), expected_ = (double)(expected);                   \
        double tolerance_ = (double)(tolerance);                                           \
        if (!(fabs(value_ - expected_) <= tolerance_))                                     \
            check_failed(__FILE__, __LINE__, #value, " is %.9g, not %.9g within %.9g", value_, \
                         expected_, tolerance_);                                           \
    } while (0)

/* The same, where the tolerance is a share of what is expected. */
#define CHECK_WITHIN_SHARE(value, expected, share)                                         \
    CHECK_WITHIN(value, expected, fabs((double)(expected)) * (double)(share))

#endif
