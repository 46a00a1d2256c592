/* The reasons of a report's slow calls: as groups. */
#ifndef DP_TOOLS_REPORT_REASONS_H
#define DP_TOOLS_REPORT_REASONS_H

#include "deadlocks.h"
#include "reason_groups.h"

struct dp_report_reason_group {
    const struct dp_reason_group *group;
    const struct dp_site_info *info; /* of the function; NULL: the log does not name it */
};

struct dp_report_reasons {
    struct dp_reason_groups of;
    struct dp_deadlocks deadlocks;
    struct dp_report_reason_group *groups; /* as those of `of` */
    const char **problems; /* what is wrong with files that names were looked for in */
    size_t n_problems;
};

/* The stacks of the profile have been named. */
void dp_report_reasons_make(struct dp_report_reasons *reasons, const struct dp_profile *profile);
void dp_report_reasons_finish(struct dp_report_reasons *reasons);

#endif
