/*
 * The functions of a report: each figure, how certain it is, and in which tables the
 * function stands.
 */
#ifndef DP_TOOLS_REPORT_FUNCTIONS_H
#define DP_TOOLS_REPORT_FUNCTIONS_H

#include "latency.h"
#include "profile.h"

/* Of the sampled calls. */
struct dp_report_times {
    double mean_ns;
    double deviation_ns;
    uint64_t min_ns;
    uint64_t max_ns;
};

/* Of the calls whose memory was counted. */
struct dp_report_memory {
    uint64_t calls; /* 0: no memory was counted */
    bool bytes_known;
    bool self_known; /* the next two hold: what was allocated in no counted call below */
    uint64_t self_allocated_bytes;
    uint64_t self_allocations;
    uint64_t allocated_bytes;
    uint64_t freed_bytes;
    uint64_t allocations;
    uint64_t frees;
    int64_t peak_bytes;
};

/* Doubles are NAN where a figure is not known. */
struct dp_report_function {
    uint32_t site;
    const struct dp_site_info *info; /* NULL: the log does not name the site */
    struct dp_estimate calls;
    /* Inclusive, of all calls, at most threads x wall. A recursion's time counts once, unless
     * `summed`: which calls were inside another one is not known, and each counts. */
    struct dp_estimate total_ns;
    bool recursive;
    bool summed; /* then there are no shares */
    double share_of_wall;        /* of total_ns.value */
    double share_of_cpu;
    double self_ns; /* without the time in calls of other functions */
    uint64_t sampled;
    bool few; /* `sampled` are too few for an interval of the total */
    uint64_t gated; /* sampled, but refused by the load gate */
    uint64_t exceptions;
    struct dp_report_times times; /* when `sampled` */
    struct dp_latency latency;
    uint64_t longest_ns;          /* of all calls whose time is known; 0: of none */
    uint64_t slow;
    uint64_t slow_total_ns;
    uint64_t slow_max_ns;
    uint64_t maybe_slow; /* not among `slow`: the tick does not tell */
    uint64_t maybe_slow_least_ns, maybe_slow_most_ns; /* bounds of what these took together */
    struct dp_report_memory memory;
    bool has_count;
    uint64_t counted; /* exact */
};

/* A table: its first rows in order, and how many the limit leaves out. */
struct dp_report_ranking {
    const struct dp_report_function **rows;
    size_t n;
    size_t left_out;
};

struct dp_report_functions {
    struct dp_report_ranking all;     /* by the inclusive time that is known (`low`) */
    struct dp_report_ranking timed;   /* the same without functions that were only counted; by
                                         self time when `by_self` */
    bool by_self;                     /* the self time of every function is known */
    struct dp_report_ranking memory;  /* by allocated bytes; those outside of counted calls below
                                         when `memory_by_self` */
    bool memory_by_self;              /* they are known of every function */
    struct dp_report_ranking counted; /* by exact count */
    struct dp_report_function **made; /* owns the rows: by site, NULL for sites in no table */
    size_t n_made;
};

/* Of the sampled calls; zeros when there is none. */
struct dp_report_times dp_report_times_of(const struct dp_totals *totals);

/* At most `limit` rows a table; 0: all. `wall_ns` and `cpu_ns` of the process; 0: not
 * known. `info` points into the profile. */
void dp_report_functions_make(struct dp_report_functions *functions,
                              const struct dp_profile *profile, size_t limit, uint64_t wall_ns,
                              uint64_t cpu_ns);

void dp_report_functions_finish(struct dp_report_functions *functions);

#endif
