/*
 * One run of a program, as comparisons need it: a few figures a function.
 *
 * Made from logs (run_read.h) or from a file that was saved (run_file.h). Owns its strings.
 */
#ifndef DP_TOOLS_RUN_H
#define DP_TOOLS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "estimate.h"
#include "statistics.h"

enum dp_run_figure { DP_RUN_P50, DP_RUN_P99, DP_RUN_TOTAL, DP_RUN_FIGURES };

/* "p50" */
extern const char *const dp_run_figure_names[DP_RUN_FIGURES];

/* From fewer sampled calls no percentile of them is taken, unless every call is known; and p99
 * takes a hundred calls in any case: of fewer it is their maximum. */
#define DP_RUN_LEAST_SAMPLES 10
#define DP_RUN_LEAST_FOR_P99 100

/* The `file` of an operation that the program measures by itself. */
#define DP_RUN_OPERATION "(operation)"

/*
 * A function is the same in two runs when module, function and file are: not the line, which
 * every edit above it changes, and not the folders, which differ between two checkouts.
 */
struct dp_run_function {
    char *module; /* "": the program itself, whatever its name is */
    char *function;
    char *file; /* without folders, as far as that tells it from others of the run */
    uint32_t line;
    bool estimated; /* some calls were left out by chance */
    struct dp_estimate calls;
    struct dp_estimate figures[DP_RUN_FIGURES]; /* ns; of calls from entry to return */
    struct dp_totals pooled; /* while the run is read: what percentiles come from */
    const struct dp_site_info *site; /* while the run is read */
};

struct dp_run {
    char *name;    /* the log's path */
    char *program; /* its file name; "": not known */
    size_t processes;
    bool whole; /* each process finished its log */
    struct dp_estimate wall_ns; /* of the process that started first */
    struct dp_estimate cpu_ns;  /* of all */
    struct dp_run_function *functions; /* in order of dp_run_function_order() */
    size_t n, capacity;
};

struct dp_runs {
    struct dp_run *runs;
    size_t n, capacity;
};

int dp_run_function_order(const struct dp_run_function *a, const struct dp_run_function *b);

/* The run's function of that name; NULL: it has none. */
const struct dp_run_function *dp_run_find(const struct dp_run *run,
                                          const struct dp_run_function *like);

/* Sorts the functions, and makes one of those that are the same. */
void dp_run_settle(struct dp_run *run);

/* Adds the calls of one part of the run. */
void dp_run_pool(struct dp_totals *pooled, const struct dp_totals *part);

/* An estimate of two parts together. */
struct dp_estimate dp_estimate_sum(struct dp_estimate a, struct dp_estimate b);

void dp_run_finish(struct dp_run *run);
void dp_runs_finish(struct dp_runs *runs);

#endif
