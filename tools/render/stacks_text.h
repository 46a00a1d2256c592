/* Where all threads are, for people. */
#ifndef DP_TOOLS_STACKS_TEXT_H
#define DP_TOOLS_STACKS_TEXT_H

#include "model/snapshot.h"
#include "style.h"

/* Threads with the same stack stand together, above it. */
void dp_text_stacks(const struct dp_snapshot *snapshot, const struct dp_style *style);

#endif
