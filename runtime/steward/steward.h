/*
 * The steward: the one background thread. It advances the tick (base/tick.h), measures the
 * load (load.h), watches open calls (watch.h), feeds the JSON lines sink (sink.h), adjusts
 * the clock and keeps the books (books.h). Its signals are blocked (arch/call_out.h). It
 * ends by itself if a sandbox does not let it sleep.
 */
#ifndef DP_STEWARD_H
#define DP_STEWARD_H

#include <stdbool.h>

/* Starts it. 0 or -errno. Also in a forked child. The steward calls `every_second` for the
 * work of rooms beside and above its own, and once more at its end. */
int dp_steward_start(void (*every_second)(void));
/* Stops it, after a last round. False: it does not end, and may go on using whatever it
 * uses. */
bool dp_steward_stop(void);
/* True on the steward's own thread. */
bool dp_steward_is_here(void);

#endif
