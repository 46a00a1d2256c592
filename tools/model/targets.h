/*
 * Targets: what somebody wants of a program's figures, one a line.
 *
 *     p99(query) < 8ms
 *     rate(request) > 10000/s     # comments
 *
 * Parsing only; check.h compares them with logs. docs/comparing.md has the grammar.
 */
#ifndef DP_TOOLS_TARGETS_H
#define DP_TOOLS_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

enum dp_target_figure {
    DP_TARGET_PERCENTILE,
    DP_TARGET_MEAN,
    DP_TARGET_MAX,
    DP_TARGET_TOTAL,
    DP_TARGET_CALLS,
    DP_TARGET_RATE,
    DP_TARGET_SLOW,
    DP_TARGET_EXCEPTIONS,
    DP_TARGET_ALLOCATED,
    DP_TARGET_PEAK,
    DP_TARGET_MEMORY,
    DP_TARGET_WALL,
    DP_TARGET_CPU,
    DP_TARGET_LOST
};

enum dp_target_unit { DP_UNIT_OF_TIME, DP_UNIT_OF_BYTES, DP_UNIT_OF_COUNT, DP_UNIT_OF_RATE };

enum dp_target_relation {
    DP_LESS,
    DP_LESS_OR_EQUAL,
    DP_GREATER,
    DP_GREATER_OR_EQUAL,
    DP_EQUAL,
    DP_NOT_EQUAL
};

struct dp_target {
    enum dp_target_figure figure;
    enum dp_target_unit unit;
    double quantile; /* of DP_TARGET_PERCENTILE */
    char *function;  /* a pattern with * and ?; NULL: the figure is of the process */
    bool share;      /* a count, as a share of the function's calls */
    enum dp_target_relation relation;
    double limit; /* ns, bytes, calls, calls a second, or a share */
    char *text;   /* as written, without comment and blanks at its ends */
};

struct dp_target_problem {
    size_t column; /* of the line, from 0, in bytes */
    char text[160];
};

/* 1: `target` has what the line says, and the caller finishes it; 0: the line has no target;
 * -1: it cannot be understood, and `problem` says why. */
int dp_target_parse(struct dp_target *target, const char *line, struct dp_target_problem *problem);

void dp_target_finish(struct dp_target *target);

#endif
