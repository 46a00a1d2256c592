/* CHECK and friends: say what did not hold, and end the test as failed. */
#ifndef TESTS_UNIT_TOOLS_CHECK_H
#define TESTS_UNIT_TOOLS_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#define CHECK_TEXT(value, expected)                                                    \
    do {                                                                               \
        const char *value_ = (value), *expected_ = (expected);                         \
        if (strcmp(value_, expected_) != 0) {                                          \
            fprintf(stderr, "%s:%d: %s is\n  \"%s\"\nnot\n  \"%s\"\n", __FILE__, __LINE__, \
                    #value, value_, expected_);                                        \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

/* Within a share of the expected value. */
#define CHECK_NEAR(value, expected, share)                                             \
    do {                                                                               \
        double value_ = (double)(value), expected_ = (double)(expected);               \
        if (!(fabs(value_ - expected_) <= fabs(expected_) * (share))) {                \
            fprintf(stderr, "%s:%d: %s is %.9g, not %.9g\n", __FILE__, __LINE__, #value, \
                    value_, expected_);                                                \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#endif
