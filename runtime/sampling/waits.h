/*
 * What a thread waits for: the file, socket or lock, by the number and arguments of its system
 * call, and which thread holds the lock. Steward only.
 *
 * It reads the words of a lock and the descriptors of a poll set in the host's memory. Only
 * thread and descriptor numbers from there reach the log.
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

/* Once, at the start: looks up libc's functions that wait. */
void dp_waits_init(void);

/* `frames`: the thread's stack as far as it is known. Its innermost functions say which kind of
 * lock the thread waits for. */
void dp_wait_for(const struct dp_thread_waits *waits, const uint64_t *frames, uint32_t n,
                 struct dp_wait *wait);

#endif
