/* CHECK: says what did not hold, and ends the test as failed. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

#define CHECK_NEAR(value, expected, tolerance)                                         \
    do {                                                                               \
        double value_ = (double)(value), expected_ = (double)(expected);               \
        if (!(value_ >= expected_ - (tolerance) && value_ <= expected_ + (tolerance))) { \
            fprintf(stderr, "%s:%d: %s is %g, not %g within %g\n", __FILE__, __LINE__, \
                    #value, value_, expected_, (double)(tolerance));                   \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#endif
