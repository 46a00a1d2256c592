/*
 * What the governor (DEEP_PROFILE_BUDGET, docs/governor.md) has done, from its records: which
 * functions it let be profiled in a share of the time only, and what that does to estimates.
 *
 * Used by the profile; read by the report.
 */
#ifndef DP_TOOLS_GOVERNOR_H
#define DP_TOOLS_GOVERNOR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/record.h"
#include "statistics.h"

struct dp_governor {
    bool known;                      /* there was one */
    struct dp_event_governor last;   /* its last record */
    struct dp_event_governed *sites; /* by index, `n` of them; site 0: it was never throttled */
    size_t n, capacity;
};

/* Takes what concerns the governor. The later record about a site replaces the earlier one. */
void dp_governor_read(struct dp_governor *governor, const struct dp_record *record);

/* NULL: the site's gate worked all the time. */
const struct dp_event_governed *dp_governor_site(const struct dp_governor *governor, size_t site);

/* Tells the totals of a site what the governor did to it. */
void dp_governor_settle(const struct dp_governor *governor, size_t site,
                        struct dp_totals *totals);

void dp_governor_finish(struct dp_governor *governor);

#endif
