/* The vDSO that the kernel mapped into this process. Other programs under the same kernel have
 * the same one. */
#ifndef DP_TOOLS_OWN_VDSO_H
#define DP_TOOLS_OWN_VDSO_H

#include <stddef.h>

/* NULL: this process has none. */
const void *dp_own_vdso(size_t *size);

#endif
