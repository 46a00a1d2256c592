/* The process and its machine over time, and its busiest threads, as text. */
#ifndef DP_TOOLS_TEXT_TIMELINE_H
#define DP_TOOLS_TEXT_TIMELINE_H

#include "model/timeline.h"
#include "style.h"

/* A row for each figure that was known and not always 0, with its course as a line of bars.
 * Nothing for fewer than two samples. */
void dp_text_timeline(const struct dp_timeline *timeline, const struct dp_style *style);

/* The `limit` threads that used the processor most; 0: all. */
void dp_text_threads(const struct dp_timeline *timeline, size_t limit,
                     const struct dp_style *style);

/* `n` bars between 0 and `top`, a blank where the value is NAN; NUL-terminated, in
 * DP_BARS_BYTES(n) bytes. */
#define DP_BARS_BYTES(n) (3 * (n) + 1)
char *dp_bars(char *text, const double *values, size_t n, double top, bool utf8);

#endif
