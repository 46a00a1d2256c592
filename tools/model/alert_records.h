/* The `alert` records of a log: what the runtime's detector wrote. */
#ifndef DP_TOOLS_ALERT_RECORDS_H
#define DP_TOOLS_ALERT_RECORDS_H

#include <stddef.h>

#include "common/record.h"

struct dp_alert_record {
    uint64_t time_ns;
    struct dp_event_alert event;
};

struct dp_alert_records {
    struct dp_alert_record *records; /* in the order of the log */
    size_t n, capacity;
};

/* Adds an `alert` record; ignores other records. */
void dp_alert_records_read(struct dp_alert_records *records, const struct dp_record *record);
void dp_alert_records_finish(struct dp_alert_records *records);

#endif
