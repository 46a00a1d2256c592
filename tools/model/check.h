/*
 * Targets beside the figures of logs: which are met, and which are not known to be.
 *
 * Made from targets, then from one profile after the other; each log has to meet each target by
 * itself, and the worst is kept.
 */
#ifndef DP_TOOLS_CHECK_H
#define DP_TOOLS_CHECK_H

#include "estimate.h"
#include "targets.h"

struct dp_profile;

/* From the best to the worst. */
enum dp_outcome {
    DP_OUTCOME_MET,
    DP_OUTCOME_UNDECIDED, /* the limit lies within the interval of an estimate */
    DP_OUTCOME_UNKNOWN,
    DP_OUTCOME_NOT_MET,
    DP_OUTCOMES
};

struct dp_checked {
    struct dp_target target;
    bool any; /* some log had what it is of */
    enum dp_outcome outcome;
    struct dp_estimate value; /* of the log and the function that are named next */
    char *log;
    char *function; /* NULL: of the process */
    const char *why; /* DP_OUTCOME_UNKNOWN: a clause */
};

struct dp_check {
    struct dp_checked *rows; /* in the order of the targets */
    size_t n, capacity;
    size_t count[DP_OUTCOMES];
};

/* Takes the target over. */
void dp_check_add(struct dp_check *check, struct dp_target target);

/* The figures of one log. */
void dp_check_profile(struct dp_check *check, const struct dp_profile *profile);

/* After the last log. */
void dp_check_settle(struct dp_check *check);

void dp_check_finish(struct dp_check *check);

#endif
