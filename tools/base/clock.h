/* The clock that logs have their times from. */
#ifndef DP_TOOLS_CLOCK_H
#define DP_TOOLS_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC, in nanoseconds. */
uint64_t dp_monotonic_ns(void);

#endif
