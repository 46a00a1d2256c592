/* The hot path's way in: what the thunks of arch/ call when a gate opens. */
#ifndef DP_ENTER_H
#define DP_ENTER_H

#include "deep_profile/abi/gate.h"

uint64_t dp_enter(struct dp_site *code);

#endif
