/*
 * Runs before a change beside runs after it: which functions changed, and how sure that is.
 *
 * The run is the unit, since calls of one run share its fate (docs/comparing.md). Made from two
 * sets of runs, which must outlive the comparison. Pure arithmetic.
 */
#ifndef DP_TOOLS_COMPARE_H
#define DP_TOOLS_COMPARE_H

#include "run.h"
#include "run_statistics.h"

/* So many of the changes that are told may be none. */
#define DP_FALSE_DISCOVERIES 0.05

/* A percentile that changes by less has not changed: that is what reading the clock is off by. */
#define DP_LEAST_CHANGE_NS 5.0

/* More runs than these nobody makes: `runs_enough` says no larger number. */
#define DP_RUNS_MOST 1000

enum dp_verdict {
    DP_VERDICT_REGRESSED,
    DP_VERDICT_MOVED, /* regressed, but what is around it takes no longer than before */
    DP_VERDICT_IMPROVED,
    DP_VERDICT_NOT_ENOUGH, /* not enough runs to say any of these */
    DP_VERDICT_UNCHANGED,
    DP_VERDICT_NEW,     /* no run before has it */
    DP_VERDICT_GONE,    /* no run after has it */
    DP_VERDICT_UNKNOWN, /* its figures are not known: it was only counted, or watched */
    DP_VERDICTS
};

/* One figure of a function. */
struct dp_compared_figure {
    double *before, *after; /* by run; NAN: not known there */
    size_t n_before, n_after; /* runs in which it is known */
    double median_before, median_after;
    struct dp_ratio ratio;
    double p;        /* of this test alone */
    double adjusted; /* for all tests of the comparison */
    enum dp_verdict verdict;
    size_t runs_enough; /* of DP_VERDICT_NOT_ENOUGH: so many a side would probably do */
};

struct dp_compared {
    const struct dp_run_function *function; /* as one of the runs names it */
    bool estimated;
    size_t runs_before, runs_after; /* that have it */
    struct dp_compared_figure figures[DP_RUN_FIGURES];
    enum dp_verdict verdict;
    size_t runs_enough;
    const struct dp_run_function *within; /* of DP_VERDICT_MOVED: what takes no longer */
};

#define DP_WITHIN 0.05 /* the usual `within` */
#define DP_ALL_FIGURES ((1u << DP_RUN_FIGURES) - 1)

struct dp_compare_how {
    double within;       /* a change smaller than this share is not worth telling */
    unsigned figures;    /* bit 1u << enum dp_run_figure: those that count */
    const char *per;     /* totals are divided by the calls of this function; NULL: not */
};

struct dp_comparison {
    const struct dp_runs *before, *after;
    struct dp_compare_how how;
    struct dp_compared *rows; /* by verdict, then those first whose time changed most */
    size_t n, capacity;
    size_t count[DP_VERDICTS];
    size_t tests;       /* figures that were compared */
    size_t functions;   /* that have them */
    size_t runs_enough; /* a side, to find one of so many that changed */
    double *units_before, *units_after; /* by run, with `how.per`: how often it was called */
    bool per_found; /* that is known of some run */
    struct dp_ratio wall, cpu; /* of the runs as a whole; the values NAN where not known */
};

void dp_compare(struct dp_comparison *comparison, const struct dp_runs *before,
                const struct dp_runs *after, const struct dp_compare_how *how);

/* Puts the rows in order, and counts verdicts; again after a verdict was changed. */
void dp_comparison_settle(struct dp_comparison *comparison);

void dp_comparison_finish(struct dp_comparison *comparison);

#endif
