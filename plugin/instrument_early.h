/* The pass for annotated functions. */
#ifndef DP_INSTRUMENT_EARLY_H
#define DP_INSTRUMENT_EARLY_H

#include "gcc-compat.h"

/* A line on stderr for each instrumented function. */
extern bool dp_verbose;

void dp_register_early_pass(const char *plugin);

#endif
