/*
 * Decoding the records of a packet, by the grammar of abi/log.h: the only decoder.
 * The tool's cursor reads a log with it, the runtime's sink its own log while it is
 * written.
 *
 * Every byte may be wrong: nothing past what is given is read, and a record counts
 * only when all of it is there. Allocates nothing; any thread.
 */
#ifndef DP_COMMON_RECORD_H
#define DP_COMMON_RECORD_H

#include <stdint.h>

#include "deep_profile/abi/log.h"

struct dp_record {
    uint32_t id;           /* DP_EVENT_ID_* */
    uint32_t tid;          /* of the packet */
    uint64_t time_ns;
    const uint8_t *payload; /* where the bytes lie that were decoded; any alignment */
    uint32_t payload_bytes; /* complete: all fixed fields, arrays and texts are there */
    int64_t lane;
    const char *thread_name; /* of the packet */
};

/* What a record's site resolves to. Members may be NULL. */
struct dp_record_site {
    const char *function;
    const char *file;
    const char *module;
    uint32_t line;
};

/* Where a record begins at or after `offset` of its packet. */
static inline uint64_t dp_record_align(uint64_t offset)
{
    return (offset + DP_RECORD_ALIGN - 1) & ~(uint64_t)(DP_RECORD_ALIGN - 1);
}

/*
 * The record at bytes[0, left), which is the one after that of *time_ns (or the
 * first after timestamp_begin). Fills in its id, payload and time, and sets
 * *time_ns. Returns its length without padding; 0 when there is no complete record
 * of an event that this version knows: then nothing has changed.
 */
uint32_t dp_record_decode(const uint8_t *bytes, uint64_t left, uint64_t *time_ns,
                          struct dp_record *record);

/* The record's n-th DP_TEXT, NUL-terminated; "" when it has no such. */
const char *dp_record_text(const struct dp_record *record, unsigned n);

/* Fixed fields: struct dp_event_NAME copied out of the payload. */
#define dp_record_copy(record, event) memcpy(event, (record)->payload, sizeof *(event))

#endif
