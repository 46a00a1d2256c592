/*
 * What `report` prints of one gathered profile: as text for people (also the
 * table of `top`), as JSON for scripts.
 */
#ifndef DP_TOOLS_REPORT_H
#define DP_TOOLS_REPORT_H

#include "json.h"
#include "model/profile_figures.h"
#include "style.h"

struct dp_report {
    const struct dp_profile *profile;
    size_t limit; /* functions shown; 0: all */
};

void dp_report_text(const struct dp_report *report, const struct dp_style *style);

/* The two parts that `top` shows. */
void dp_report_header(const struct dp_report *report, const struct dp_style *style);
void dp_report_functions(const struct dp_report *report, const struct dp_style *style);

/* Adds the process's members to `object`. */
void dp_report_json(const struct dp_report *report, struct dp_json *object);

/* CPU time of the whole process, 0: not known. */
uint64_t dp_report_process_cpu_ns(const struct dp_profile *profile);

/* What the slow paths have cost: their number and what one costs. */
uint64_t dp_report_slow_paths_ns(const struct dp_profile *profile);
uint64_t dp_report_steward_ns(const struct dp_profile *profile);

#endif
