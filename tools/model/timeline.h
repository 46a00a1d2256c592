/*
 * What the process and its machine did over time, from the log's `machine` records: samples of
 * the figures of machine.def, and the threads that used the processor most.
 *
 * A figure that is not known at some time is NAN there, never 0.
 */
#ifndef DP_TOOLS_TIMELINE_H
#define DP_TOOLS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/figures.h"
#include "common/record.h"

enum dp_figure_unit { DP_FIGURE_NS, DP_FIGURE_BYTES, DP_FIGURE_COUNTS, DP_FIGURE_PPM };
enum dp_figure_of { DP_FIGURE_LEVEL, DP_FIGURE_SUM, DP_FIGURE_SHARE };

struct dp_figure_info {
    const char *name; /* as JSON has it */
    enum dp_figure_unit unit;
    enum dp_figure_of of;
};

extern const struct dp_figure_info dp_figure_infos[DP_FIGURE_COUNT];

struct dp_machine_sample {
    uint64_t time_ns; /* its end */
    uint64_t interval_ns;
    struct dp_figures figures;
};

/* A thread, over all the looks that found it among those that ran most. */
struct dp_thread_time {
    uint32_t tid;
    char name[DP_MACHINE_NAME];
    uint64_t looked_ns; /* the time that these looks cover */
    uint64_t cpu_ns;
    bool wait_known; /* in every look */
    uint64_t wait_ns;   /* for a processor */
    double last_share;  /* of one processor, in the last look of all; NAN: it was not among them */
    uint64_t time_ns;   /* of its last look */
};

struct dp_timeline {
    struct dp_machine_sample *samples; /* in order of time */
    size_t n, capacity;
    struct dp_thread_time *threads; /* settled: one for each, the most processor time first */
    size_t n_threads, threads_capacity;
    uint64_t last_look_ns;
};

/* Takes what a `machine` record says; other records are ignored. */
void dp_timeline_read(struct dp_timeline *timeline, const struct dp_record *record);
/* When all records have been read. */
void dp_timeline_settle(struct dp_timeline *timeline);
void dp_timeline_finish(struct dp_timeline *timeline);

/* A figure of one sample: a SUM as a rate in a second (of CPU time: the share of one processor),
 * a SHARE and a LEVEL in PPM as a share, another LEVEL as it is. NAN: not known. */
double dp_figure_rate(const struct dp_machine_sample *sample, enum dp_figure figure);

/* The same over all samples, weighted with their time. `known` false: it was never known. */
struct dp_figure_summary {
    bool known;
    double least, mean, most, last;
};
struct dp_figure_summary dp_figure_summary(const struct dp_timeline *timeline,
                                           enum dp_figure figure);

/* The means of `n` equal parts of the time from the first sample's begin to the last one's end. */
void dp_timeline_row(const struct dp_timeline *timeline, enum dp_figure figure, double *row,
                     size_t n);

#endif
