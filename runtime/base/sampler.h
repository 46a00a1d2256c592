/*
 * Chooses calls at random. The gate subtracts a site's weight from the thread's budget; a
 * budget is drawn from an exponential distribution of mean DP_BUDGET_MEAN. That
 * distribution has no memory: whatever was subtracted before, a call of weight w finds less
 * than w left with probability 1 - exp(-w / mean) = r, so w = -mean * ln(1 - r).
 * docs/sampling.md derives it.
 *
 * Integer arithmetic only: a budget is drawn on the hot path.
 */
#ifndef DP_SAMPLER_H
#define DP_SAMPLER_H

#include <stdint.h>

#define DP_BUDGET_MEAN_BITS 50
#define DP_LN_TABLE 256

/* -ln(1/2 + i/512) in units of 2^-50. */
extern __attribute__((visibility("hidden"))) uint64_t dp_ln_table[DP_LN_TABLE + 1];

void dp_sampler_init(void);

/* Weight for a rate between 0 and 1; DP_WEIGHT_ALWAYS for 1. */
int64_t dp_sampler_weight(double rate);

/* xorshift64* (Vigna 2016, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled"). The state must not be 0. */
static inline uint64_t dp_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(2685821657736338717);
}

/*
 * -ln(U) for U uniform in (0, 1), times the mean. U = m * 2^-k with m in
 * [1/2, 1): -ln(U) = k ln 2 - ln(m), the latter from the table, interpolated
 * (error below 2e-6).
 */
static inline int64_t dp_sampler_draw(uint64_t *state)
{
    const uint64_t ln_2 = UINT64_C(780423364592235); /* ln 2 * 2^50 */
    uint64_t u = dp_random(state) | 1;
    uint32_t k = (uint32_t)__builtin_clzll(u);
    uint64_t m = u << k;
    uint32_t i = (uint32_t)(m >> 55) & (DP_LN_TABLE - 1);
    uint64_t fraction = (m >> 23) & UINT32_MAX;
    uint64_t step = dp_ln_table[i] - dp_ln_table[i + 1];
    uint64_t ln_m = dp_ln_table[i] - (uint64_t)(((unsigned __int128)step * fraction) >> 32);
    return (int64_t)(k * ln_2 + ln_m);
}

/* True with probability chance / 2^32; always for UINT32_MAX. */
static inline int dp_chance(uint64_t *state, uint32_t chance)
{
    return chance == UINT32_MAX || (uint32_t)(dp_random(state) >> 32) < chance;
}

#endif
