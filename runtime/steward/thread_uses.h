/*
 * Which threads of the process use the processor most. Looks at each thread of the process, of
 * thousands seldom: all looks together take at most 1/500 of a processor. Steward only.
 */
#ifndef DP_THREAD_USES_H
#define DP_THREAD_USES_H

#include <stdint.h>

#include "deep_profile/abi/machine.h"

struct dp_thread_use {
    uint32_t tid;
    uint64_t cpu_ns;  /* since the look before, or since it began */
    int64_t wait_ns;  /* for a processor; -1: not known */
};

struct dp_thread_uses {
    uint64_t interval_ns; /* since the look before; 0: there was no look */
    uint32_t count;
    struct dp_thread_use most[DP_MACHINE_THREADS]; /* the most processor time first */
    uint64_t wait_ns; /* of all threads that still run */
    int wait_known;
};

/* Before the steward runs; also in a forked child. */
void dp_thread_uses_init(void);
/* Looks, if it is time for that. */
void dp_thread_uses_look(uint64_t now, struct dp_thread_uses *uses);

#endif
