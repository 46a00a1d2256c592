/*
 * A thread's open calls, as somebody else sees them: its list of watched calls, and the frames
 * of its sampled ones (abi/state.h). Its owner changes both meanwhile. Steward only.
 */
#ifndef DP_OPEN_CALLS_H
#define DP_OPEN_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "sites/config.h"
#include "thread/lane.h"

/* The first entry of the list that is valid: those of outer calls may be overwritten. */
uint64_t dp_open_calls_first(const struct dp_open_calls *open, uint64_t top, uint64_t now);

/* The configuration under which a call on the list began, and its start, or for one that is
 * judged by the tick the earliest it can have; NULL: that cannot be known. */
const struct dp_site_config *dp_open_call_config(uint32_t index, uint64_t due, uint64_t now,
                                                 uint64_t *start);

/* True: a call on the list has ended, on another thread. Known only of calls with a frame. */
bool dp_open_call_is_over(const struct dp_lane *lane, uint32_t index, uint64_t due, uint64_t now);

/* False: it may have ended, on another thread. */
bool dp_open_call_may_last(const struct dp_lane *lane, uint32_t index, uint64_t due,
                           uint64_t now);

struct dp_open_seen {
    uint32_t site;
    uint64_t start_ns, latest_ns; /* it began in between */
};

/* The calls of both lists, innermost first, each once. *more: how many do not fit. */
uint32_t dp_open_calls_seen(const struct dp_lane *lane, uint64_t now, struct dp_open_seen *calls,
                            uint32_t most, uint32_t *more);

#endif
