/* dp_deep()'s start, and what it takes from arch/. */
#ifndef DP_DEEP_H
#define DP_DEEP_H

#include "arch.h"

#if DP_HAVE_THUNKS
/* Once, when the runtime starts; and in a forked child. */
void dp_deep_init(void);
void dp_deep_reset(void);

/* function(a, b, c) on the stack that ends at `top` (NULL: on the present one),
 * with the vector state kept. */
uint64_t dp_deep_on(void *top, dp_deep_function *function, void *a, uintptr_t b, uintptr_t c);
#else
static inline void dp_deep_init(void)
{
}

static inline void dp_deep_reset(void)
{
}
#endif

#endif
