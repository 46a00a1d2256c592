/* What each loss counts, in words (losses.def). */
#ifndef DP_TOOLS_LOSSES_H
#define DP_TOOLS_LOSSES_H

/* "records not written: …"; of a loss of time, "nanoseconds without a tick: …". `reason` is
 * an enum dp_loss. */
const char *dp_loss_what(int reason);

#endif
