/*
 * Error messages of the tool. They go to stderr as "deep-profile: …". Control characters in
 * them, which a quoted name or path may contain, are made harmless.
 */
#ifndef DP_TOOLS_MESSAGE_H
#define DP_TOOLS_MESSAGE_H

#include "exit.h"

/* One sentence about what went wrong; empty if nothing did. */
struct dp_problem {
    char text[512];
};

void dp_problem_set(struct dp_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void dp_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
