/*
 * The decision: turns what a site asks for into a configuration. The only place where
 * options become weights.
 *
 * Pure: the same arguments give the same configuration, bit by bit. Reads and changes
 * nothing else, logs nothing; configure.h does the rest.
 */
#ifndef DP_DECIDE_H
#define DP_DECIDE_H

#include "config.h"
#include "demands.h"

/* `demands` come from dp_demands_gather(). The members that publication sets stay 0. */
void dp_decide(const struct dp_site_request *request, const struct dp_decide_settings *settings,
               const struct dp_demand demands[DP_ATTRIBUTE_COUNT], struct dp_site_config *config);

#endif
