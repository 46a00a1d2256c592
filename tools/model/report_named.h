/*
 * Operations, gauges and counts of a report: what the program says by deep_profile.h.
 */
#ifndef DP_TOOLS_REPORT_NAMED_H
#define DP_TOOLS_REPORT_NAMED_H

#include "common/levels.h"
#include "report_functions.h"

/* Every one is timed, so that all figures are exact, but for the histogram's bucket. */
struct dp_report_operation {
    const char *name;
    uint64_t times;
    double per_second; /* NAN: the run's length is not known */
    uint64_t total_ns;
    struct dp_report_times of; /* when `times` */
    struct dp_latency latency;
    uint64_t open;             /* spans that have not ended */
};

/* A gauge is a value at each time that it was set; nothing is known in between. */
struct dp_report_gauge {
    const char *name;
    uint64_t sets;
    int64_t last;
    uint64_t last_unix_ns;
    int64_t least, greatest;
    /* Of the values, those below 0 taken as 0. */
    double mean, p50, p99;
    uint32_t level; /* enum dp_level, of `last` */
    uint64_t limits[DP_LEVEL_LIMITS];
    double shares[DP_LEVEL_COUNT]; /* of the times it was set, at each level */
};

struct dp_report_kind {
    const char *name;
    uint64_t count;
    double per_second; /* NAN: the run's length is not known */
};

/* The most first: operations by their time, gauges by their last value and then their greatest,
 * kinds by their number. */
struct dp_report_named {
    struct dp_report_operation *operations;
    size_t n_operations;
    struct dp_report_gauge *gauges;
    size_t n_gauges;
    struct dp_report_kind *kinds;
    size_t n_kinds;
    size_t limit; /* rows of a table that are to be shown; 0: all */
};

/* Nothing of a profile that shows a part of the run. Names point into the profile. `wall_ns`: 0 where it is not known. */
void dp_report_named_make(struct dp_report_named *named, const struct dp_profile *profile,
                          size_t limit, uint64_t wall_ns);
void dp_report_named_finish(struct dp_report_named *named);

#endif
