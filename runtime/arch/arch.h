/*
 * What differs between processors: the timestamp counter, and the thunks that inserted code
 * jumps to.
 */
#ifndef DP_ARCH_H
#define DP_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#if defined __x86_64__

#define DP_HAVE_THUNKS 1
/* Bytes from the stack pointer in the gate down to the frame of dp_enter(): the red zone
 * and what the thunk saves. */
#ifdef __SANITIZE_THREAD__
#define DP_THUNK_BYTES 8192 /* and what dp_call_out_on uses; too large is harmless */
#else
#define DP_THUNK_BYTES 152
#endif

/* The return addresses of the thunks' calls into the runtime. */
extern const char dp_enter_returns[], dp_exit_returns[];

/* Calls function(a, b, c) on the stack that ends at `top` (NULL: on the current one). Saves
 * the vector state and sets the default floating-point environment. For call_out.c. */
uint64_t dp_call_out_on(void *top, uint64_t (*function)(void *, uintptr_t, uintptr_t), void *a,
                        uintptr_t b, uintptr_t c);

extern bool dp_has_xsave; /* set once, before the first thunk runs */
void dp_arch_init(void);
bool dp_arch_tsc_invariant(void);

static inline uint64_t dp_arch_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#else

#define DP_HAVE_THUNKS 0 /* inserted code makes plain calls */
#define DP_THUNK_BYTES 0

static inline void dp_arch_init(void)
{
}

#if defined __aarch64__

/* The generic timer runs at one rate, whatever the processor does (Arm ARM, D11.1.2). */
static inline bool dp_arch_tsc_invariant(void)
{
    return true;
}

/* The counter that the vDSO reads, too. It is slower than a processor: 1 GHz from Armv8.6
 * on, 24 to 100 MHz before. */
static inline uint64_t dp_arch_tsc(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

#else

static inline bool dp_arch_tsc_invariant(void)
{
    return false;
}

static inline uint64_t dp_arch_tsc(void)
{
    return 0;
}

#endif
#endif
#endif
