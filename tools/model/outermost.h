/*
 * Which slow calls lie in no other one. The looks at a slow call include those at the slow calls
 * in it, and so does its tree: who adds up times takes the outermost calls only.
 */
#ifndef DP_TOOLS_OUTERMOST_H
#define DP_TOOLS_OUTERMOST_H

#include "profile.h"

struct dp_outermost {
    uint64_t *calls; /* their ids, in ascending order */
    size_t n;
};

/* Of the calls of which `has` is true: others are taken as if they had not been slow. */
void dp_outermost_find(struct dp_outermost *outermost, const struct dp_profile *profile,
                       bool (*has)(const struct dp_profile *profile, uint64_t call));
void dp_outermost_finish(struct dp_outermost *outermost);

bool dp_outermost_is(const struct dp_outermost *outermost, uint64_t call);

#endif
