/*
 * How long the calls of a function took: percentiles and categories, each with its bounds.
 *
 * Made from a site's totals, whatever is known of them: every call, a sampled part, or a sampled
 * part and every slow call. Used by the report. Pure arithmetic.
 */
#ifndef DP_TOOLS_LATENCY_H
#define DP_TOOLS_LATENCY_H

#include "statistics.h"

enum dp_percentile { DP_P50, DP_P90, DP_P95, DP_P99, DP_P999, DP_PERCENTILES };

/* Calls from one limit on, and below the next. */
enum dp_category { DP_FAST, DP_SLOW, DP_VERY_SLOW, DP_CRITICAL, DP_CATEGORIES };

/* Where DP_SLOW, DP_VERY_SLOW and DP_CRITICAL begin; they increase. */
struct dp_category_limits {
    uint64_t from_ns[DP_CATEGORIES - 1];
};

/* 50 ms, 100 ms, 500 ms. */
extern const struct dp_category_limits dp_default_categories;

/* Reads "50ms,100ms,500ms": three durations that increase. False: it is something else. */
bool dp_category_limits_parse(const char *text, struct dp_category_limits *limits);

/* Which calls the figures come from. */
enum dp_latency_of {
    DP_LATENCY_OF_NONE,      /* no time is known */
    DP_LATENCY_OF_EVERY,     /* every call was timed: percentiles are within 0.8 % */
    DP_LATENCY_OF_SAMPLES,   /* calls that chance chose */
    DP_LATENCY_OF_WATCHED,   /* the same, and every call over a threshold */
    DP_LATENCY_OF_SLOW_ONLY, /* calls over a threshold, and how many others is not known */
};

struct dp_category_calls {
    struct dp_estimate calls; /* DP_UNKNOWN: not known */
    double share, share_low, share_high; /* of all calls; NAN: not known */
};

struct dp_latency {
    enum dp_latency_of of;
    /* In ns. low and high: the bounds of the value, for samples with 95 % confidence. DP_EXACT:
     * every call was timed, and low and high are those of its bucket. DP_ROUGH: no upper bound
     * is known. DP_UNKNOWN: too few calls are known. */
    struct dp_estimate percentile[DP_PERCENTILES];
    struct dp_estimate mean_ns;
    double deviation_ns; /* NAN: not known */
    struct dp_category_calls category[DP_CATEGORIES];
    bool partial; /* the load gate refused calls; the figures are of the others */
};

void dp_latency_make(struct dp_latency *latency, const struct dp_totals *totals,
                     const struct dp_category_limits *limits);

/* 0.5 for DP_P50. */
double dp_percentile_share(enum dp_percentile percentile);
/* "p99.9", "very slow". */
const char *dp_percentile_name(enum dp_percentile percentile);
const char *dp_category_name(enum dp_category category);

#endif
