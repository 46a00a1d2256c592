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
    DP_ROUGH,     /* from samples, too few or too uneven to say more than `low` */
    DP_AT_LEAST,  /* low == value; nothing is known of the rest */
    DP_UNKNOWN,   /* all three are NAN */
};

struct dp_estimate {
    double value;
    double low;
    double high;
    enum dp_certainty certainty;
};

struct dp_estimate dp_exactly(double value);

/* Nothing that was seen says nothing: not positive, `low` makes the figure unknown. */
struct dp_estimate dp_at_least(double low);

/* The estimate, when the figure cannot be more than `most`. Where `low` is more, it can, and
 * nothing changes; nor does what is exact. */
struct dp_estimate dp_estimate_within(struct dp_estimate estimate, double most);

/* Of something that is `part` of what was estimated. */
struct dp_estimate dp_estimate_part(struct dp_estimate estimate, double part);

#endif
