/*
 * Words that one thread stores plainly and another one reads without a lock: the steward
 * reads a lane's mapped state, and any thread reads the tick. Each word is aligned, so it
 * is read whole on every machine that we support; its value may be a moment old. The
 * owner's stores stay plain, because they are on the hot path. The reader uses the
 * functions here, which declare the race to ThreadSanitizer.
 */
#ifndef DP_PEEK_H
#define DP_PEEK_H

#include <stdint.h>

#define DP_RACES_KNOWN static inline __attribute__((no_sanitize("thread"), unused))

DP_RACES_KNOWN uint64_t dp_peek(const uint64_t *word)
{
    return *(const volatile uint64_t *)word;
}

DP_RACES_KNOWN uint32_t dp_peek_32(const uint32_t *word)
{
    return *(const volatile uint32_t *)word;
}

DP_RACES_KNOWN void dp_poke(volatile void *word, uint64_t value)
{
    __atomic_store_n((volatile uint64_t *)word, value, __ATOMIC_RELEASE);
}

#endif
