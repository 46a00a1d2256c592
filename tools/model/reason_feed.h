/*
 * The reasons of slow calls while the program runs: reads the runtime's own stream as it grows,
 * and keeps what belongs to calls that have not ended.
 */
#ifndef DP_TOOLS_REASON_FEED_H
#define DP_TOOLS_REASON_FEED_H

#include "log/log_cursor.h"
#include "reasons.h"
#include "stacks.h"

struct dp_reason_feed {
    struct dp_cursor cursor;
    struct dp_stacks *stacks; /* both belong to the caller */
    struct dp_reasons *reasons;
};

/* Continues behind what the caller has read by `cursor`, which is the feed's from now on. */
void dp_reason_feed_start(struct dp_reason_feed *feed, const struct dp_cursor *cursor,
                          struct dp_stacks *stacks, struct dp_reasons *reasons);

/* Reads what is new, and names its stacks. */
void dp_reason_feed_read(struct dp_reason_feed *feed);

/* The call's end was shown: forgets it. */
void dp_reason_feed_forget(struct dp_reason_feed *feed, uint64_t call);

void dp_reason_feed_finish(struct dp_reason_feed *feed);

#endif
