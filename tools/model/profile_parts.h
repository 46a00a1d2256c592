/*
 * Between profile.c, which reads a log, and profile_records.c, which knows what
 * its records mean. Nobody else includes this.
 */
#ifndef DP_TOOLS_PROFILE_PARTS_H
#define DP_TOOLS_PROFILE_PARTS_H

#include "profile.h"

/* The totals of a site; NULL above DP_MAX_SITES. Until the next call. */
struct dp_totals *dp_profile_totals(struct dp_profile *profile, uint32_t site);

/* Makes room for one more element and counts it. */
void *dp_profile_append(void *array, size_t *n, size_t *capacity, size_t size);

/* The runtime's stream comes before those of lanes. */
void dp_profile_read_record(struct dp_profile *profile, const struct dp_record *record);

#endif
