/*
 * The steward: the one background thread. It advances the tick, looks at the
 * load, watches calls in flight and caps, feeds the JSON lines sink, keeps the
 * clock straight and writes the books. All signals blocked.
 */
#ifndef DP_STEWARD_H
#define DP_STEWARD_H

#include <stdint.h>

/* 0 or -errno. Also in a forked child. */
int dp_steward_start(void);
/* Stops it, after a last round. */
void dp_steward_stop(void);

#endif
