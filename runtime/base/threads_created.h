/*
 * Threads that the process has created, counted where it creates them (host/threads.c).
 */
#ifndef DP_THREADS_CREATED_H
#define DP_THREADS_CREATED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

/* 1 + the number of threads created; 0: nobody counts them. */
extern DP_HIDDEN _Atomic uint64_t dp_threads_created;

static inline bool dp_threads_created_known(uint64_t *count)
{
    uint64_t counted = atomic_load_explicit(&dp_threads_created, memory_order_relaxed);
    *count = counted - (counted > 0);
    return counted > 0;
}

#endif
