/*
 * A figure, and how certain it is.
 *
 * Made by the statistics, shown by the renderers. Pure arithmetic.
 */
#ifndef DP_TOOLS_ESTIMATE_H
#define DP_TOOLS_ESTIMATE_H

enum dp_certainty {
    DP_EXACT,     /* low == value == high */
    DP_ESTIMATED, /* from samples: the interval holds with 95 % confidence */
    DP_ROUGH,     /* from samples that are too few or too uneven: only `low` is known */
    DP_AT_LEAST,  /* low == value: the figure is at least this */
    DP_UNKNOWN,   /* all three are NAN */
};

struct dp_estimate {
    double value;
    double low;
    double high;
    enum dp_certainty certainty;
};

struct dp_estimate dp_exactly(double value);

/* A figure of which at least `low` was seen. When `low` is not positive, it is unknown. */
struct dp_estimate dp_at_least(double low);

/* The estimate for a figure that cannot exceed `most`. Exact figures stay, and so does one whose
 * `low` exceeds `most`: then the bound does not hold. */
struct dp_estimate dp_estimate_within(struct dp_estimate estimate, double most);

/* Of something that is `part` of what was estimated. */
struct dp_estimate dp_estimate_part(struct dp_estimate estimate, double part);

#endif
