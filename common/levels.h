/*
 * The level of a gauge: idle, light, busy or overloaded (enum dp_level of events.def), by limits
 * from DEEP_PROFILE_GAUGE_LEVELS. Compiled by the runtime, for events, and by the tool. Allocates
 * nothing; any thread.
 *
 *     setting := part { ";" part }
 *     part    := [ NAME "=" ] NUMBER "," NUMBER "," NUMBER
 *
 * From the first number on a gauge is light, from the second on busy, from the third on
 * overloaded. A part with a name is about that gauge, a part without about all others.
 */
#ifndef DP_COMMON_LEVELS_H
#define DP_COMMON_LEVELS_H

#include <stdint.h>

#include "deep_profile/abi/log.h"

#define DP_LEVEL_LIMITS (DP_LEVEL_COUNT - 1)

/* Fills in the limits of a gauge; `gauge` NULL: of those without a part of their own. Every part is
 * read. 0; or -1: the setting is not one, and the limits are unchanged. */
int dp_levels_find(const char *setting, const char *gauge, uint64_t limits[DP_LEVEL_LIMITS]);

/* enum dp_level */
uint32_t dp_level_of(const uint64_t limits[DP_LEVEL_LIMITS], int64_t value);

#endif
