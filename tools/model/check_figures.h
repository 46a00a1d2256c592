/*
 * Figures of a log with all that is known of their error, for targets.
 *
 * A figure that was not measured is DP_UNKNOWN. One that was measured in part has an interval that
 * reaches as far as what was not seen may.
 */
#ifndef DP_TOOLS_CHECK_FIGURES_H
#define DP_TOOLS_CHECK_FIGURES_H

#include "profile.h"
#include "report_named.h"
#include "targets.h"

/* Was the site certainly never called? */
bool dp_site_never_called(const struct dp_profile *profile, uint32_t site);

/* Of a function; `row` may be of a site that was never called. */
struct dp_estimate dp_check_function(const struct dp_profile *profile,
                                     const struct dp_report_function *row,
                                     const struct dp_target *target);

/* What the program measured by itself (report_named.h), as a row for dp_check_function(). */
struct dp_report_function dp_check_operation(const struct dp_report_operation *operation);
struct dp_report_function dp_check_kind(const struct dp_report_kind *kind);

/* Of the process. */
struct dp_estimate dp_check_process(const struct dp_profile *profile,
                                    const struct dp_target *target);

#endif
