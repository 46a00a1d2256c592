/*
 * Which calls of a site have known times: all, those that were chosen, or those that were
 * slow. Computed when a profile is complete; figures depend on it.
 */
#ifndef DP_TOOLS_COMPLETENESS_H
#define DP_TOOLS_COMPLETENESS_H

#include "profile.h"

/* Sets profile->calls_untimed and memory_uncounted. */
void dp_profile_find_untimed(struct dp_profile *profile);

/* Sets what struct dp_totals says of watching. */
void dp_profile_find_watched(struct dp_profile *profile);

/* Whether a site is configured so that each of its calls is counted or timed. */
bool dp_site_sees_every_call(const struct dp_site_info *site);

/* Whether each call of the functions that are profiled has a record. */
bool dp_profile_has_every_call(const struct dp_profile *profile);

#endif
