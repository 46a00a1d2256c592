/*
 * The decision: what is asked for of a site becomes a configuration. The one place where
 * options become weights.
 *
 * Pure: the same arguments give the same configuration, bit by bit. Reads nothing else,
 * changes nothing, logs nothing; configure.h has all that goes with it.
 */
#ifndef DP_DECIDE_H
#define DP_DECIDE_H

#include "config.h"
#include "demands.h"

/* `demands` of dp_demands_gather(). Leaves what a publication says of it 0. */
void dp_decide(const struct dp_site_request *request, const struct dp_decide_settings *settings,
               const struct dp_demand demands[DP_ATTRIBUTE_COUNT], struct dp_site_config *config);

#endif
