/*
 * The time of all calls of a site, from those that were sampled and those that are known.
 *
 * Used by the report. Pure arithmetic.
 */
#ifndef DP_TOOLS_TOTAL_TIME_H
#define DP_TOOLS_TOTAL_TIME_H

#include "statistics.h"

/* From fewer samples than this no interval is made. */
#define DP_FEW_SAMPLES 10

/* In ns, inclusive. Durations are skewed, so the interval is not symmetric, and it has no
 * upper end where the samples are too uneven to know one (DP_ROUGH). */
struct dp_estimate dp_estimate_total(const struct dp_totals *totals);

#endif
