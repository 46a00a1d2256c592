/*
 * The id of a slow call, and whether the calls that are slow leave events. Two report a
 * call: the thread on which it ends (finish.c), and the steward while it still runs
 * (steward/watch.c). Both ask here, so that one id gives one answer.
 */
#ifndef DP_SLOW_ID_H
#define DP_SLOW_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mix.h"

/* Names one slow call in all its reports. Calls that begin in the same tick look alike:
 * `number` tells them apart. Not 0. */
static inline uint64_t dp_slow_id(uint32_t lane, uint32_t site, uint64_t due, uint64_t number)
{
    uint64_t call = due ^ (uint64_t)lane << 40 ^ (uint64_t)site << 20;
    return dp_mix(call + number * DP_MIX_STEP);
}

/* Whether a slow call leaves events: the same answer in flight and at the end. */
static inline bool dp_slow_chosen(uint64_t id, uint32_t chance)
{
    return chance == UINT32_MAX || (uint32_t)(id >> 32) < chance;
}

#endif
