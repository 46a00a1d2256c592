/*
 * What differs between processors: the timestamp counter, and dp_deep(), the
 * way out of code that must leave the vector registers alone.
 */
#ifndef DP_ARCH_H
#define DP_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Calls function(a, b, c) so that all registers which the inserted code does
 * not expect to lose are kept, with signals blocked, and with hardly any of the
 * caller's stack (deep.c). dp_deep_quick leaves signals and stack as they are:
 * for what is short and changes nothing. On processors where the hooks are plain calls the
 * compiler has saved the registers already.
 */
typedef uint64_t dp_deep_function(void *a, uintptr_t b, uintptr_t c);

#if defined __x86_64__

#define DP_HAVE_THUNKS 1
/* From the stack pointer in the gate down to the frame of dp_enter(): the red zone
 * and what the thunk keeps. */
#ifdef __SANITIZE_THREAD__
#define DP_THUNK_BYTES 8192 /* and what dp_deep_on takes; too much does no harm */
#else
#define DP_THUNK_BYTES 144
#endif

uint64_t dp_deep(dp_deep_function *function, void *a, uintptr_t b, uintptr_t c);
uint64_t dp_deep_quick(dp_deep_function *function, void *a, uintptr_t b, uintptr_t c);

extern bool dp_has_xsave; /* set once, before the first thunk is taken */
void dp_arch_init(void);
bool dp_arch_tsc_invariant(void);

static inline uint64_t dp_arch_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#else

#define DP_HAVE_THUNKS 0
#define DP_THUNK_BYTES 0

uint64_t dp_deep(dp_deep_function *function, void *a, uintptr_t b, uintptr_t c);

static inline uint64_t dp_deep_quick(dp_deep_function *function, void *a, uintptr_t b,
                                     uintptr_t c)
{
    return function(a, b, c);
}

static inline void dp_arch_init(void)
{
}

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
