/*
 * What a thread waits for: from the number and the arguments of its system call the file,
 * socket or lock, and who holds the lock. Steward only.
 *
 * Of the host's memory it reads the words of a lock and the descriptors of a poll set, and
 * nothing of it reaches the log but thread and descriptor numbers.
 */
#ifndef DP_WAITS_H
#define DP_WAITS_H

#include <stdint.h>

#include "thread_files.h"

struct dp_wait {
    int32_t syscall;     /* -1: none */
    uint32_t holder_tid; /* 0: nobody, or not known */
    char holder[16];     /* its name */
    char object[160];    /* NUL-terminated; empty: not known */
};

/* Once, at the start: where libc's functions that wait are. */
void dp_waits_init(void);

/* `frames`: the thread's stack, as far as it is known; what it is in tells locks apart. */
void dp_wait_for(const struct dp_thread_waits *waits, const uint64_t *frames, uint32_t n,
                 struct dp_wait *wait);

#endif
