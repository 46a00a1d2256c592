/* What the runtime asks of the compiler beyond C11. */
#ifndef DP_COMPILER_H
#define DP_COMPILER_H

#include <stdatomic.h>

#define DP_LIKELY(x) __builtin_expect(!!(x), 1)
#define DP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* On variables of the hot path: addressed directly, not through the GOT. */
#define DP_HIDDEN __attribute__((visibility("hidden")))

/* Orders memory accesses between the code and the signal handlers of one thread. */
#define DP_COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)

#endif
