/*
 * The runtime's lock: a spin lock without futex that first yields, then sleeps. It is held
 * for a few stores or for making one file, with every signal blocked, so that no handler in
 * the same thread can wait for it. Never used on the hot path.
 */
#ifndef DP_LOCK_H
#define DP_LOCK_H

#include <stdatomic.h>

#include "os.h"

#define DP_LOCK_YIELDS 100
#define DP_LOCK_SLEEP_NS 50000
#define DP_LOCK_LONGEST_SLEEP_NS 2000000

struct dp_lock {
    atomic_flag held;
};

/* A host under ThreadSanitizer does not see our lock: the runtime is built without it. */
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

static inline void dp_lock_init(struct dp_lock *lock)
{
    atomic_flag_clear_explicit(&lock->held, memory_order_relaxed);
}

static inline void dp_lock_take(struct dp_lock *lock, struct dp_os_signals *saved)
{
    dp_os_block_signals(saved);
    uint64_t sleep_ns = DP_LOCK_SLEEP_NS;
    for (int tries = 0; atomic_flag_test_and_set_explicit(&lock->held, memory_order_acquire);
         tries++) {
        if (tries < DP_LOCK_YIELDS) {
            dp_os_yield();
        } else { /* yielding is not enough if the holder has a lower real-time priority */
            dp_os_sleep_until(dp_os_monotonic_ns() + sleep_ns);
            if (sleep_ns < DP_LOCK_LONGEST_SLEEP_NS)
                sleep_ns *= 2; /* a thousand waiting threads must not use up the processors */
        }
    }
    if (__tsan_acquire)
        __tsan_acquire(lock);
}

static inline void dp_lock_give(struct dp_lock *lock, const struct dp_os_signals *saved)
{
    if (__tsan_release)
        __tsan_release(lock);
    atomic_flag_clear_explicit(&lock->held, memory_order_release);
    dp_os_restore_signals(saved);
}

#endif
