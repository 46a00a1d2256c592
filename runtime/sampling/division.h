/*
 * How the time of a call divided: on a processor, waiting for one, blocked. From readings of
 * its thread's clocks at its first look, at the last one before its end, and at the first
 * after it. Arithmetic, nothing else.
 */
#ifndef DP_DIVISION_H
#define DP_DIVISION_H

#include <stdbool.h>
#include <stdint.h>

struct dp_reading {
    uint64_t time_ns;
    uint64_t cpu_ns;
    uint64_t runnable_ns;
    bool runnable_known;
};

struct dp_division {
    uint64_t on_cpu_ns, runnable_ns, blocked_ns; /* together: `end` less the first reading */
    uint64_t error_ns;                           /* of each */
    bool runnable_known;                         /* else its time is part of blocked_ns */
};

/* Where a call ended: its thread's processor time, too, where cpu_ns is not 0. */
struct dp_divided_end {
    uint64_t time_ns, cpu_ns;
};

/*
 * first <= last <= end <= next in time. What the thread used between `last` and `next` may
 * have been used before the end or after it: the middle is taken, and the error is half of
 * what is possible. `next` NULL: nothing is known of the thread after `last`.
 */
void dp_divide(const struct dp_reading *first, const struct dp_reading *last,
               const struct dp_reading *next, const struct dp_divided_end *end,
               struct dp_division *division);

#endif
