/*
 * The steward: the one background thread. It advances the tick (base/tick.h), looks at
 * the load (load.h), watches open calls (watch.h), feeds the JSON lines sink (sink.h),
 * keeps the clock straight and writes the books (books.h). All signals blocked.
 */
#ifndef DP_STEWARD_H
#define DP_STEWARD_H

/* 0 or -errno. Also in a forked child. `every_second`, called by the steward and once more
 * at its end: what it does for rooms beside and above its own. */
int dp_steward_start(void (*every_second)(void));
/* Stops it, after a last round. */
void dp_steward_stop(void);

#endif
