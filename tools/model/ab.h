/*
 * Two functions of the same runs beside one another, from the records of their calls.
 *
 * Calls of one run are correlated, so they are not what is compared. With enough runs a run is
 * a pair: the figure of the one function and of the other. With fewer, each run is cut into stretches
 * of time, and a stretch is a pair: what slows the machine down meets both. That is a statement about
 * these runs and not about the next one.
 */
#ifndef DP_TOOLS_AB_H
#define DP_TOOLS_AB_H

#include "common/values.h"
#include "compare.h"

enum dp_ab_which { DP_AB_P50, DP_AB_P99, DP_AB_MEAN, DP_AB_FIGURES };

/* "p50" */
extern const char *const dp_ab_figure_names[DP_AB_FIGURES];

/* From fewer pairs nothing is concluded. */
#define DP_AB_LEAST_PAIRS 7
/* More are not used. */
#define DP_AB_MOST_PAIRS 40

struct dp_ab_pairs {
    double a[DP_AB_FIGURES][DP_AB_MOST_PAIRS]; /* ns */
    double b[DP_AB_FIGURES][DP_AB_MOST_PAIRS];
    size_t n[DP_AB_FIGURES];
};

struct dp_ab_figure {
    size_t pairs;
    double median_a, median_b; /* of the pairs; NAN: there are none */
    struct dp_ratio ratio;     /* b / a */
    double p, adjusted;
    enum dp_verdict verdict; /* of b: DP_VERDICT_REGRESSED when it takes longer than a */
};

struct dp_ab {
    char *name[2];
    double within;
    struct dp_ab_pairs runs, stretches;
    uint64_t calls[2]; /* that have records */
    size_t logs;       /* that were read, with calls of both */
    bool of_runs;      /* settled: which pairs the figures are of */
    struct dp_ab_figure figures[DP_AB_FIGURES];
};

/* The caller finishes it. */
void dp_ab_start(struct dp_ab *ab, struct dp_word a, struct dp_word b, double within);

/* Returns 0, or an exit status after saying why. */
int dp_ab_read(struct dp_ab *ab, const char *path);

/* After the last log. */
void dp_ab_settle(struct dp_ab *ab);

void dp_ab_finish(struct dp_ab *ab);

#endif
