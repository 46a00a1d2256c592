/*
 * Divides the time of a call into on a processor, waiting for one, and blocked. Pure arithmetic
 * on readings of its thread's clocks: at the first look, at the last look before the call's end,
 * and at the first look after it.
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
    uint64_t on_cpu_ns, runnable_ns, blocked_ns; /* their sum: from the first reading to the end */
    uint64_t error_ns;                           /* of each of the three */
    bool runnable_known;                         /* false: that time is in blocked_ns */
};

/* The end of a call, with its thread's processor time then; cpu_ns 0: not known. */
struct dp_divided_end {
    uint64_t time_ns, cpu_ns;
};

/*
 * first <= last <= end <= next in time. Processor time used between `last` and `next` may lie
 * before the end or after it: the result is the middle of what is possible, and the error half
 * the width of that. `next` NULL: there was no look after the end.
 */
void dp_divide(const struct dp_reading *first, const struct dp_reading *last,
               const struct dp_reading *next, const struct dp_divided_end *end,
               struct dp_division *division);

#endif
