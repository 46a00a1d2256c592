/*
 * Why a call is slow: looks at the thread of a watched call from a part of its threshold on,
 * kept in the steward's memory, and written to the log when the call turns out slow: where its
 * thread was found (`sample`) and how its time divided (`reason`). Steward only.
 */
#ifndef DP_SLOW_LOOKS_H
#define DP_SLOW_LOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "thread/lane.h"

/* Before the steward runs; also in a forked child. 0 or -errno. */
int dp_slow_looks_init(void);
/* No steward runs: gives what it has back to the host. */
void dp_slow_looks_release(void);

/* A watched call that is open, entry `i` of its lane's list. */
struct dp_watched {
    struct dp_lane *lane;
    uint64_t i, due;
    uint32_t site;
    uint64_t start_ns;     /* the middle of what is possible, and half of its width */
    uint64_t error_ns;
    uint64_t threshold_ns;
    uint32_t event_chance; /* that it leaves an event when it is slow; 0: none */
};

/* From which age on it is looked at. */
static inline uint64_t dp_slow_look_from_ns(uint64_t threshold_ns)
{
    return threshold_ns / 4;
}

/* Begins to look at a call that is that old, where there is room. Once for a call. */
void dp_slow_looks_follow(const struct dp_watched *call, uint64_t now);
/* The id of a call that is followed; 0: it is not. */
uint64_t dp_slow_looks_id(const struct dp_lane *lane, uint64_t i, uint64_t due);
/* It is reported in flight: what is known of it is to be written after the report. */
void dp_slow_looks_report(uint64_t id, uint64_t now);

/* Looks at those whose time has come, and writes what is known of those that have ended.
 * Returns when it is to be called again, at the latest; UINT64_MAX: nothing is followed. */
uint64_t dp_slow_looks_round(uint64_t now);

#endif
