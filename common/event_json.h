/*
 * Events as JSON lines: one record of the log to the events it stands for
 * (DP_JSON in events.def).
 *
 *     record                   events
 *     call, call_wide          profiler.start, profiler.stop
 *     call_memory              profiler.start, profiler.stop, profiler.complete
 *     exception                profiler.start (of a sampled profile), profiler.exception
 *     slow_operation           profiler.slow_operation
 *     production(_wide)        profiler.production
 *     memory                   profiler.memory
 *     calls, load, lost        profiler.calls, profiler.load, profiler.lost
 *     the others               none
 *
 * Compiled by the runtime (DEEP_PROFILE_EVENTS) and by `deep-profile events`, so
 * that both say the same. Allocates nothing, and may be called from any thread.
 * Strings may hold any bytes, see json_text.h.
 */
#ifndef DP_COMMON_EVENT_JSON_H
#define DP_COMMON_EVENT_JSON_H

#include <stdbool.h>

#include "events.h"
#include "options.h"
#include "record.h"
#include "text.h"

/*
 * A decoded record. The pointers are borrowed for the call. `attribute`, `strategy` and the
 * metadata are those of the attribute that has caused the record, see dp_event_attribute().
 */
struct dp_record_view {
    uint32_t id;         /* DP_EVENT_ID_* */
    const void *payload; /* as stored in the log, at any alignment */
    size_t payload_bytes;
    uint64_t time_ns; /* the record's time, CLOCK_MONOTONIC: the end of a call */
    uint64_t realtime_offset_ns;
    uint32_t pid;
    uint32_t tid;
    const char *thread_name;           /* NULL or "": left out */
    const struct dp_record_site *site; /* NULL: unknown, or there is none */
    uint32_t attribute;                /* enum dp_attribute */
    const char *strategy;              /* NULL: not said */
    size_t n_metadata;
    const struct dp_word *metadata_key;
    const struct dp_word *metadata_value;
    const char *members; /* more of them, behind `measurements`: JSON that begins with a comma */
    size_t members_bytes;
};

/* Fills in what the view has of the attribute; `options` may be NULL. */
void dp_event_describe(struct dp_record_view *view, uint32_t attribute,
                       const struct dp_options *options);

/*
 * Appends the record's events, one line each with its newline. Returns their number; 0 if
 * the payload is not complete; -1 if they do not all fit: then `out` is unchanged and still
 * ends with a whole line.
 */
int dp_event_json(struct dp_text *out, const struct dp_record_view *view);

#endif
