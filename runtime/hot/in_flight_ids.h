/*
 * Calls that the steward looks at or reports while they still run: the final event of one
 * that was slow uses the id that it has here, so that all that is said names one call.
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

#include "base/os.h"

#define DP_IN_FLIGHT_MAX 1024

/* Before the steward runs; also in a forked child. */
void dp_in_flight_reset(void);

/* How a slow call ended. */
struct dp_slow_end {
    uint64_t end_ns, duration_ns, error_ns;
    bool reported; /* before, in flight */
    bool has_usage; /* of the thread that it ended on, at the end */
    uint32_t tid;   /* of that thread */
    struct dp_os_usage usage;
};

/* What the steward wants to know of a call's end: nothing; how it ended; and what its thread
 * had used, which takes two system calls. */
enum dp_awaited { DP_NOT_AWAITED, DP_AWAITED, DP_AWAITED_WITH_USAGE };

/* Steward only: the call has `id` (not 0) from now on. Afterwards the steward looks whether
 * the call is still open, and takes the entry back if it is not. Where it is awaited the entry
 * stays until dp_in_flight_ended() or dp_in_flight_take_back() has been asked about it. */
void dp_in_flight_add(uint32_t site, uint64_t due, uint64_t id, enum dp_awaited awaited);
/* The same for a call whose `due` is not known: the first slow call of the site that ends on
 * thread `tid` and began before `latest_ns`. */
void dp_in_flight_add_seen(uint32_t site, uint32_t tid, uint64_t latest_ns, uint64_t id,
                           enum dp_awaited awaited);
/* Steward only. False: the entry was used, taken back or dropped. */
bool dp_in_flight_is_open(uint64_t id);
/* False if the ending call has already used this entry. */
bool dp_in_flight_take_back(uint64_t id);
/* Steward only: stop waiting for the call's end. It still has its id when it ends. False: it ends
 * at this moment, and how is about to be known. */
bool dp_in_flight_forget(uint64_t id);
/* Steward only: the call is about to be reported. False: it has ended, and does not say in its
 * final event that it was reported. */
bool dp_in_flight_report(uint64_t id);
/* Steward only: an awaited call has ended, and was slow. */
bool dp_in_flight_has_ended(uint64_t id);
/* Steward only: how it ended; true once. */
bool dp_in_flight_ended(uint64_t id, struct dp_slow_end *end);

/* A slow call has ended, as *end says, where `reported` is to be filled in: its id, or 0.
 * Also from signal handlers. Of calls that look alike each gets an id of its own. */
uint64_t dp_in_flight_take(uint32_t site, uint64_t due, struct dp_slow_end *end);

#endif
