/*
 * The `due` of an opened call: DP_DUE_OPENED of abi/gate.h says what its bits mean.
 * Written at the entry, read wherever the call ends and by the steward.
 */
#ifndef DP_DUE_H
#define DP_DUE_H

#include "deep_profile/abi/gate.h"

static inline uint64_t dp_due_opened(uint32_t lane, uint32_t kinds, uint64_t start_ns)
{
    return DP_DUE_OPENED | (uint64_t)(lane % DP_DUE_LANES) << DP_DUE_LANE_SHIFT |
           (uint64_t)(kinds & DP_DUE_KINDS) << DP_DUE_KINDS_SHIFT |
           (start_ns & DP_DUE_START_MASK);
}

/* The whole start time, which may be a little past `now`: clocks differ. */
static inline uint64_t dp_due_start(uint64_t due, uint64_t now)
{
    const uint64_t ahead = UINT64_C(1) << 40;
    return now + ahead - ((now + ahead - due) & DP_DUE_START_MASK);
}

#endif
