/*
 * One record of a log as text for people, or as JSON lines.
 *
 * Used by `events`.
 */
#ifndef DP_TOOLS_EVENT_PRINT_H
#define DP_TOOLS_EVENT_PRINT_H

#include "model/reasons.h"
#include "model/site_table.h"
#include "style.h"

struct dp_event_printer {
    const struct dp_log *log;
    const struct dp_site_table *sites;
    const struct dp_reasons *reasons; /* of slow operations; NULL: not known */
    const struct dp_stacks *stacks;   /* with their names; NULL: not known */
    struct dp_style style;
    bool json;
    struct dp_text line; /* its buffer grows as needed */
};

void dp_event_printer_start(struct dp_event_printer *printer, const struct dp_log *log,
                            const struct dp_site_table *sites, bool json);

/* Records that are no events (sites, settings, clocks) print nothing. Returns
 * how many lines were printed. */
int dp_event_print(struct dp_event_printer *printer, const struct dp_record *record);

/* Whether the reason of a slow operation is known that is printed with it. */
bool dp_event_has_reason(const struct dp_event_printer *printer, const struct dp_record *record);

void dp_event_printer_finish(struct dp_event_printer *printer);

#endif
