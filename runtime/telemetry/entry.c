/* See entry.h. Reached by plain calls from the host. */
#include "entry.h"

#include "hot/meet.h"

void dp_start_here(void)
{
    static struct dp_site nothing[1]; /* a module without sites */
    deep_profile_module_load(DP_ABI_VERSION, nothing, nothing);
}

static struct dp_lane *meet(void)
{
    if (dp_process_mode() == DP_MODE_UNKNOWN)
        dp_start_here();
    return dp_process_mode() == DP_MODE_ON && dp_meet_calling_thread() ? dp_self : NULL;
}

struct dp_lane *dp_come_in_unusually(uintptr_t caller)
{
    struct dp_lane *lane = dp_self;
    if (!lane || !dp_process_is_ours())
        lane = meet();
    if (!lane || dp_process_mode() != DP_MODE_ON || (lane->busy && dp_is_reentered(lane, caller)))
        return NULL;
    lane->busy = caller;
    DP_COMPILER_BARRIER();
    return lane;
}
