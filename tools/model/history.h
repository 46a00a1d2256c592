/*
 * How long the calls of each function took over the time of the run, in up to 64 slices of equal
 * length: what a departure from its own history is found by. From the records of sampled calls.
 */
#ifndef DP_TOOLS_HISTORY_H
#define DP_TOOLS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/record.h"

#define DP_HISTORY_SLICES 64

struct dp_history_slice {
    uint64_t calls;
    double logs; /* sum of the logarithms of their durations in ns */
};

struct dp_site_history {
    uint64_t spacing_ns;
    struct dp_history_slice slices[DP_HISTORY_SLICES];
};

struct dp_history {
    bool begun;
    uint64_t from_ns;
    struct dp_site_history **sites; /* by index; NULL: no sampled call */
    size_t n, capacity;
};

/* Adds a record of a sampled call; ignores other records. */
void dp_history_read(struct dp_history *history, const struct dp_record *record);
void dp_history_finish(struct dp_history *history);

struct dp_departure {
    double ratio;     /* of the geometric means, now to before */
    uint64_t from_ns; /* since when */
    uint64_t calls_before, calls_now;
    double before_ns, now_ns; /* these means */
};

/*
 * Does a function take longer since some moment in the second half of the time of its calls than
 * ever before? True only if each slice since then is above every one before, and there are enough
 * calls and slices on both sides. Nothing departs within ten seconds.
 */
bool dp_history_departs(const struct dp_site_history *site, uint64_t from_ns,
                        struct dp_departure *departure);

#endif
