/*
 * Slow calls reported while still running: the final event reuses their id, so that both
 * reports name one call.
 *
 * The thread's list of open calls (abi/gate.h) cannot hold the id: coroutines may begin a
 * thousand calls in one tick that look alike there (the same site, the same `due`), and
 * that end in any order and on any thread. Each entry is used by one ending call.
 *
 * Written by the steward, which adds entries; emptied by the threads on which the calls
 * end, only in calls that were slow. When more than DP_IN_FLIGHT_MAX are open at once, the
 * oldest entry is dropped: that call then has two ids in the log, the first of which looks
 * like a call that did not return.
 */
#ifndef DP_IN_FLIGHT_IDS_H
#define DP_IN_FLIGHT_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define DP_IN_FLIGHT_MAX 1024

/* Before the steward runs; also in a forked child. */
void dp_in_flight_reset(void);

/* Steward only: the call is about to be reported under `id` (not 0). Afterwards the
 * steward looks whether the call is still open, and takes the entry back if it is not. */
void dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id);
/* False if the ending call has already used this entry: then report the call. */
bool dp_in_flight_take_back(uint64_t id);

/* A slow call has ended: the id under which it was reported, or 0. Also from signal
 * handlers. Of calls that look alike each gets an id of its own. */
uint64_t dp_in_flight_take(uint32_t site, uint64_t due);

#endif
