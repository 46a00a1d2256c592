/*
 * An event as a handler sees it: a line of JSON, as dp_event_json() writes it, and the values that
 * were taken out of it.
 */
#ifndef DP_TELEMETRY_EVENT_H
#define DP_TELEMETRY_EVENT_H

#include <stddef.h>

#define DP_EVENT_TEXT_BYTES 4096

struct deep_profile_event {
    const char *line; /* without its newline */
    size_t length;
    char name[64];
    char texts[DP_EVENT_TEXT_BYTES]; /* what was taken out, each with its NUL */
    size_t used;
};

/* `line` must outlive the event. */
void dp_telemetry_event_start(struct deep_profile_event *event, const char *line, size_t length);

#endif
