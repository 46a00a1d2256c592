/* The vDSO that the kernel has mapped into this process: that of programs which run under
 * the same kernel is the same. */
#ifndef DP_TOOLS_OWN_VDSO_H
#define DP_TOOLS_OWN_VDSO_H

#include <stddef.h>

/* NULL: there is none. */
const void *dp_own_vdso(size_t *size);

#endif
