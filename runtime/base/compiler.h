/* What the runtime needs from the compiler beyond C11. */
#ifndef DP_COMPILER_H
#define DP_COMPILER_H

#include <stdatomic.h>

#define DP_LIKELY(x) __builtin_expect(!!(x), 1)
#define DP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* On variables of the hot path: addressed directly, not through the GOT. */
#define DP_HIDDEN __attribute__((visibility("hidden")))

/* On functions that the host calls: its stack may be aligned to 8 bytes only. */
#if defined __x86_64__
#define DP_FROM_HOST __attribute__((force_align_arg_pointer))
#else
#define DP_FROM_HOST
#endif

/* Orders memory accesses between the code and the signal handlers of one thread. */
#define DP_COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)

#endif
