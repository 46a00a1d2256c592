/* The hot path's way out: the end of a call that was opened, or that may have been slow. The
 * thunks of arch/ call it. */
#ifndef DP_EXIT_H
#define DP_EXIT_H

#include "deep_profile/abi/gate.h"

void dp_exit(struct dp_site *code, uint64_t due);

#endif
