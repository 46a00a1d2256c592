/*
 * The records that calls leave in a thread's stream. Hot: general registers
 * only. A record that finds no room is counted as lost by the stream.
 */
#ifndef DP_RECORD_H
#define DP_RECORD_H

#include "log/stream.h"
#include "thread/lane.h"

/* 8 bytes where site and duration fit, 20 where they do not (log.h).
 * wide_id: the wide event of the same meaning. */
static inline void dp_record_call(struct dp_lane *lane, uint32_t id, uint32_t wide_id,
                                  uint32_t site, uint64_t duration_ns, uint64_t now, bool capped)
{
    struct dp_stream *stream = &lane->stream;
    if (DP_LIKELY(site < 1u << DP_CALL_SITE_BITS && duration_ns < 1u << DP_CALL_DURATION_BITS &&
                  !capped)) {
        uint32_t *word =
            dp_record_begin(stream, id, sizeof *word, &now, lane->state->lost);
        if (!word)
            return;
        *word = site | (uint32_t)duration_ns << DP_CALL_SITE_BITS;
        dp_record_commit(stream, word + 1, now);
    } else if (wide_id == DP_EVENT_ID_production_wide) {
        struct dp_event_production_wide *event =
            dp_record_begin(stream, wide_id, sizeof *event, &now, lane->state->lost);
        if (!event)
            return;
        event->site = site;
        event->duration_ns = duration_ns;
        dp_record_commit(stream, event + 1, now);
    } else {
        struct dp_event_call_wide *event =
            dp_record_begin(stream, wide_id, sizeof *event, &now, lane->state->lost);
        if (!event)
            return;
        event->site = site;
        event->flags = capped ? DP_CALL_CAPPED : 0;
        event->duration_ns = duration_ns;
        dp_record_commit(stream, event + 1, now);
    }
}

#endif
