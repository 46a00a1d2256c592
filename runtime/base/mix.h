/* The finaliser of splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
 * generators"): numbers that are alike become numbers that are not. */
#ifndef DP_MIX_H
#define DP_MIX_H

#include <stdint.h>

/* To be multiplied with a count: 2^64 divided by the golden ratio. */
#define DP_MIX_STEP UINT64_C(0x9e3779b97f4a7c15)

/* Never 0. */
static inline uint64_t dp_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
}

#endif
