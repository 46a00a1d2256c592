/*
 * The steward: the one background thread. It advances the tick (base/tick.h), looks at
 * the load (load.h), watches open calls (watch.h), feeds the JSON lines sink (sink.h),
 * keeps the clock straight and writes the books (books.h). Signals blocked (arch/call_out.h).
 * It stops by itself where a sandbox lets it not sleep.
 */
#ifndef DP_STEWARD_H
#define DP_STEWARD_H

#include <stdbool.h>

/* 0 or -errno. Also in a forked child. `every_second`, called by the steward and once more
 * at its end: what it does for rooms beside and above its own. */
int dp_steward_start(void (*every_second)(void));
/* Stops it, after a last round. False: it does not come to its end and may still use
 * everything that it uses. */
bool dp_steward_stop(void);
/* The calling thread is the steward. */
bool dp_steward_is_here(void);

#endif
