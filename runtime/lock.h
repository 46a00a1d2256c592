/*
 * The runtime's lock: a futex-free spin lock that yields, held for a few
 * stores or one file's making, with every signal blocked, so that a handler
 * cannot come back for it in the same thread. Never on the hot path.
 */
#ifndef DP_LOCK_H
#define DP_LOCK_H

#include <sched.h>
#include <stdatomic.h>

#include "os.h"

struct dp_lock {
    atomic_flag held;
};

static inline void dp_lock_init(struct dp_lock *lock)
{
    atomic_flag_clear_explicit(&lock->held, memory_order_relaxed);
}

static inline void dp_lock_take(struct dp_lock *lock, struct dp_os_signals *saved)
{
    dp_os_block_signals(saved);
    while (atomic_flag_test_and_set_explicit(&lock->held, memory_order_acquire))
        sched_yield();
}

static inline void dp_lock_give(struct dp_lock *lock, const struct dp_os_signals *saved)
{
    atomic_flag_clear_explicit(&lock->held, memory_order_release);
    dp_os_restore_signals(saved);
}

#endif
