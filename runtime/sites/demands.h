/*
 * What one site asks for: its attributes as written, whether each is in force in this
 * environment, and what the rules of DEEP_PROFILE change.
 *
 * Pure: reads its arguments only.
 */
#ifndef DP_DEMANDS_H
#define DP_DEMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"
#include "common/rules.h"
#include "deep_profile/abi/log.h"
#include "deep_profile/abi/site.h"

/* The settings that hold for every site of the process. */
struct dp_decide_settings {
    const struct dp_rules *rules;
    uint32_t environment;     /* DP_ENV_*, one bit */
    bool check_load;
    double slow_baseline;     /* which share of the calls of a function with a threshold is timed */
};

/* A site as it is in the code. */
struct dp_site_request {
    const struct dp_site_desc *desc;
    uint32_t switched_on; /* kinds whose enabled=VARIABLE is true: dp_read_switches() */
    bool code_counts;     /* it has a count slot */
    /* Its gate works in a share of the time, 1/2^this (steward/governor.h). */
    uint8_t share_log2;
};

/* What one attribute asks for. Its words point into the site's options and into the rules. */
struct dp_demand {
    struct dp_options options;
    enum dp_attribute_state state;
    bool present;
    struct dp_word rule; /* the last rule that applied */
    /* the options as written; NULL: the function does not have the attribute */
    const char *text;
};

void dp_demands_gather(const struct dp_site_request *request,
                       const struct dp_decide_settings *settings,
                       struct dp_demand demands[DP_ATTRIBUTE_COUNT]);

static inline bool dp_demand_in_force(const struct dp_demand *demand)
{
    return demand->present && (demand->state == DP_ATTRIBUTE_ON ||
                               demand->state == DP_ATTRIBUTE_BY_RULE ||
                               demand->state == DP_ATTRIBUTE_NO_EVENTS);
}

#endif
