/*
 * A window of time: what `report --last` and `--between` ask for. Only the request; windows.h
 * cuts a profile.
 */
#ifndef DP_TOOLS_WINDOW_H
#define DP_TOOLS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* A moment: so long after the start, or by the clock in UTC. */
struct dp_moment {
    enum { DP_AFTER_START, DP_TIME_OF_DAY, DP_UNIX_TIME } by;
    uint64_t ns; /* after the start, after midnight, or since 1970 */
};

struct dp_window_request {
    bool wanted;
    uint64_t last_ns; /* 0: from `from` to `to` */
    struct dp_moment from, to;
};

/* A process's times. */
struct dp_window_span {
    uint64_t start_unix_ns;
    uint64_t wall_ns;
};

/* Of "10s". False: that is no duration. */
bool dp_window_last(struct dp_window_request *request, const char *text);
/* Of "5s" and "10s", "12:03:00" and "12:03:10.5", "2026-11-21 12:03:00" (or with a T, and with a
 * Z behind it). `b` NULL: `a` has both with ".." between. False: one of them is no moment. */
bool dp_window_between(struct dp_window_request *request, const char *a, const char *b);

/* The window in ns after the process's start, within its life. A time of day is the first one
 * that is not before the start. False: the window is empty, or outside of it. */
bool dp_window_resolve(const struct dp_window_request *request, const struct dp_window_span *span,
                       uint64_t *from_ns, uint64_t *to_ns);

#endif
