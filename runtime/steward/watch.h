/*
 * The watchdog of open calls: slow calls are reported while they still run, and calls
 * that count memory for a limited time (duration=) are cut off there. Steward only.
 */
#ifndef DP_WATCH_H
#define DP_WATCH_H

#include <stdint.h>

/* Before the steward runs; also in a forked child. 0 or -errno. */
int dp_watch_init(void);
/* No steward runs: gives its notes back to the host. */
void dp_watch_release(void);
/* How far apart the looks are, for the shortest threshold in force. */
uint64_t dp_watch_interval_ns(void);
/* Looks at every lane that has a thread. `tick_period`: a call counts as slow in flight
 * when it is over its threshold by that much. */
void dp_watch_lanes(uint64_t now, uint64_t tick_period);

#endif
