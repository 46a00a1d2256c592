/* See reason_feed.h. */
#include "reason_feed.h"

#include "stack_names.h"

void dp_reason_feed_start(struct dp_reason_feed *feed, const struct dp_cursor *cursor,
                          struct dp_stacks *stacks, struct dp_reasons *reasons)
{
    *feed = (struct dp_reason_feed){.cursor = *cursor, .stacks = stacks, .reasons = reasons};
}

/* A sample of no slow call: its own record says all. */
static bool is_needless(const struct dp_record *record)
{
    struct dp_event_sample event;

    if (record->id != DP_EVENT_ID_sample)
        return false;
    dp_record_copy(record, &event);
    return event.call == 0;
}

void dp_reason_feed_read(struct dp_reason_feed *feed)
{
    struct dp_record record;
    bool any = false;

    while (dp_cursor_next(&feed->cursor, &record)) {
        if (!is_needless(&record))
            dp_stacks_read(feed->stacks, &record);
        dp_reasons_read(feed->reasons, &record);
        any = true;
    }
    if (!any)
        return;
    dp_stacks_settle(feed->stacks);
    dp_reasons_settle(feed->reasons);
    dp_stacks_name(feed->stacks);
}

void dp_reason_feed_forget(struct dp_reason_feed *feed, uint64_t call)
{
    struct dp_stacks *stacks = feed->stacks;
    size_t n = 0;

    for (size_t i = 0; i < stacks->n_samples; i++)
        if (stacks->samples[i].call != call)
            stacks->samples[n++] = stacks->samples[i];
    stacks->n_samples = n;
    dp_reasons_forget(feed->reasons, call);
}

void dp_reason_feed_finish(struct dp_reason_feed *feed)
{
    dp_cursor_finish(&feed->cursor);
}
