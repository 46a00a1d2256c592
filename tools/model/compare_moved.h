/*
 * Cost that only moved: a function takes longer, and a function around it does not.
 *
 * When code moves from a function into one that it calls, the callee regresses and nothing
 * became slower. Who is inside whom comes from the recorded calls of one run after the change.
 */
#ifndef DP_TOOLS_COMPARE_MOVED_H
#define DP_TOOLS_COMPARE_MOVED_H

#include "compare.h"
#include "profile.h"

/*
 * Gives regressed functions DP_VERDICT_MOVED where it is certain that the rest of what is around
 * them became cheaper by most of what they became dearer: nearly all their time lies in calls of
 * a function whose total has not regressed, and the upper end of its growth, in ns, is below a
 * quarter of the lower end of theirs. `profile` has a call tree.
 */
void dp_compare_find_moved(struct dp_comparison *comparison, const struct dp_profile *profile);

/* The same with a profile of its own, of the first run after the change whose log is there: who calls
 * whom is read only where it may change a verdict. */
void dp_compare_read_moved(struct dp_comparison *comparison);

#endif
