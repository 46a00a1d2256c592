/*
 * What the tool says when something is wrong.
 *
 * Messages go to stderr as "deep-profile: …"; control characters in them, which
 * a quoted name or path may have, are cleaned.
 */
#ifndef DP_TOOLS_MESSAGE_H
#define DP_TOOLS_MESSAGE_H

#include "exit.h"

/* One sentence about what went wrong; empty when nothing did. */
struct dp_problem {
    char text[512];
};

void dp_problem_set(struct dp_problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void dp_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
