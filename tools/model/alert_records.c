/* See alert_records.h. */
#include "alert_records.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void dp_alert_records_read(struct dp_alert_records *records, const struct dp_record *record)
{
    if (record->id != DP_EVENT_ID_alert)
        return;
    records->records =
        dp_append(records->records, &records->n, &records->capacity, sizeof *records->records);
    struct dp_alert_record *one = &records->records[records->n - 1];
    one->time_ns = record->time_ns;
    dp_record_copy(record, &one->event);
}

void dp_alert_records_finish(struct dp_alert_records *records)
{
    free(records->records);
    *records = (struct dp_alert_records){0};
}
