/*
 * The watchdog of open calls. It reports slow calls while they still run, and ends the
 * count of calls that count memory for a limited time (duration=). Steward only.
 */
#ifndef DP_WATCH_H
#define DP_WATCH_H

#include <stdint.h>

/* Call it before the steward runs; also in a forked child. 0 or -errno. */
int dp_watch_init(void);
/* Gives its memory back to the host when no steward runs. */
void dp_watch_release(void);
/* The time between two looks, for the shortest threshold in force. */
uint64_t dp_watch_interval_ns(void);
/* Looks at every lane that a thread owns. A call counts as slow in flight when it is over
 * its threshold by `tick_period`. Returns when the next look is needed, if not before. */
uint64_t dp_watch_lanes(uint64_t now, uint64_t tick_period);

#endif
