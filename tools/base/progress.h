/*
 * "reading the log: 45 %" on stderr, when that is a terminal and the work takes
 * longer than half a second. The line is erased at the end.
 */
#ifndef DP_TOOLS_PROGRESS_H
#define DP_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct dp_progress {
    const char *what;
    uint64_t total;
    uint64_t done;
    uint64_t next_ns; /* CLOCK_MONOTONIC of the next update; 0: never */
    bool shown;
};

void dp_progress_start(struct dp_progress *progress, const char *what, uint64_t total);
void dp_progress_show(struct dp_progress *progress, uint64_t done);
void dp_progress_finish(struct dp_progress *progress);

#endif
