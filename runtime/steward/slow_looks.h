/*
 * Finds out why a call is slow. When a watched call has run for a part of its threshold, the
 * steward begins to look at its thread and keeps the results. When the call turns out slow, it
 * writes where the thread was found (`sample`) and how the time divided (`reason`). Steward only.
 */
#ifndef DP_SLOW_LOOKS_H
#define DP_SLOW_LOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "thread/lane.h"

/* Call it before the steward runs, and in a forked child. 0 or -errno. */
int dp_slow_looks_init(void);
/* Unmaps its memory. Call it when no steward runs. */
void dp_slow_looks_release(void);

/* An open watched call: entry `i` of its lane's list. Or one that is on no list, of a thread that
 * stands still (unlisted_calls.h): `lane` is NULL and `tid` its thread, which has used `cpu_ns`
 * since `start_ns`, at the latest time at which the call may have begun. */
struct dp_watched {
    struct dp_lane *lane;
    uint64_t i, due;
    uint32_t site, tid;
    uint64_t cpu_ns;
    uint64_t start_ns; /* the middle of the possible start times, and half their range */
    uint64_t error_ns;
    uint64_t threshold_ns;
    uint32_t event_chance; /* the chance that it leaves an event when it is slow; 0: none */
};

/* The age from which on a call is looked at. */
static inline uint64_t dp_slow_look_from_ns(uint64_t threshold_ns)
{
    return threshold_ns / 4;
}

/* Begins to look at a call of that age. Once for each call. Its id; 0: no room, or it has ended. */
uint64_t dp_slow_looks_follow(const struct dp_watched *call, uint64_t now);
/* The id of a call that is being looked at; 0: it is not. */
uint64_t dp_slow_looks_id(const struct dp_lane *lane, uint64_t i, uint64_t due);
/* The call was reported in flight: write what is known about it after that report. */
void dp_slow_looks_report(uint64_t id, uint64_t now);

/* Makes the looks that are due, and writes the results of calls that have ended. Returns the
 * latest time for the next call; UINT64_MAX: no call is being looked at. */
uint64_t dp_slow_looks_round(uint64_t now);

/* Since when a thread that has used `cpu_ns` has stood still, as far as looks at its calls say;
 * `since`: what is known otherwise. */
uint64_t dp_slow_looks_still_since(uint32_t tid, uint64_t cpu_ns, uint64_t since);

#endif
