/*
 * From sampled calls to statements about all calls.
 *
 * Used by the profile and the report. Pure arithmetic.
 */
#ifndef DP_TOOLS_STATISTICS_H
#define DP_TOOLS_STATISTICS_H

#include <stdbool.h>

#include "histogram.h"

enum dp_certainty {
    DP_EXACT,     /* low == value == high */
    DP_ESTIMATED, /* from samples: the interval holds with 95 % confidence */
    DP_AT_LEAST,  /* a lower bound; `high` is infinite */
};

struct dp_estimate {
    double value;
    double low;
    double high;
    enum dp_certainty certainty;
};

/* A site's aggregates, added up over lanes. */
struct dp_totals {
    struct dp_site_stats sum; /* `blocks` unused */
    struct dp_histogram histogram;
    uint64_t counted; /* exact count of profile_calls */
    bool has_counted;
};

void dp_totals_add(struct dp_totals *totals, const struct dp_site_stats *stats);
/* Some of its calls were left out by chance. */
bool dp_totals_by_chance(const struct dp_totals *totals);
void dp_totals_finish(struct dp_totals *totals);

/* How often the site was called. */
struct dp_estimate dp_estimate_calls(const struct dp_totals *totals);

/* Time of all its calls together, in ns. */
struct dp_estimate dp_estimate_total(const struct dp_totals *totals);

/* Of the sampled calls; 0 without any. */
double dp_mean_ns(const struct dp_totals *totals);
double dp_deviation_ns(const struct dp_totals *totals);

/* Within [min, max], which are exact. */
double dp_quantile_ns(const struct dp_totals *totals, double q);

#endif
