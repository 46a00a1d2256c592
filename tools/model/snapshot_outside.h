/* A process that does not answer, as others see it. */
#ifndef DP_TOOLS_SNAPSHOT_OUTSIDE_H
#define DP_TOOLS_SNAPSHOT_OUTSIDE_H

#include "snapshot.h"

/* What is seen of process `pid`, whose log is at `path`, without its help: its threads, and the
 * open calls of their lanes. The caller finishes the snapshot. */
void dp_snapshot_outside(struct dp_snapshot *snapshot, const char *path, uint32_t pid);

#endif
