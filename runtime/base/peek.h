/*
 * Words that one thread stores plainly and another reads without a lock: the steward
 * in a lane's mapped state, a thread at the tick. Each is aligned, and so whole on every
 * machine we run on; what is read may be a moment old. The owner's
 * side stays a plain store, for the sake of the hot path; the other side comes
 * through here, which tells ThreadSanitizer that the race is known.
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
