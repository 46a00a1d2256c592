/* What one record of a stream adds to a profile. */
#ifndef DP_TOOLS_PROFILE_RECORDS_H
#define DP_TOOLS_PROFILE_RECORDS_H

#include "profile.h"

/* All records of the runtime's stream come before those of lanes: they name the sites. */
void dp_profile_read_record(struct dp_profile *profile, const struct dp_record *record);

#endif
