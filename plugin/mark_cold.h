/* The pass that moves the slow paths out of the hot code. */
#ifndef DP_MARK_COLD_H
#define DP_MARK_COLD_H

#include "gcc-compat.h"

void dp_register_cold_pass(const char *plugin);

#endif
