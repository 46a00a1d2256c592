/*
 * Decodes the records of a packet, by the grammar of abi/log.h. The only decoder: the
 * tool's cursor reads a log with it, and the runtime's sink its own log while it is
 * written. Every byte may be wrong: nothing beyond the given bytes is read, and a record
 * counts only if all of it is there. Allocates nothing; any thread.
 */
#ifndef DP_COMMON_RECORD_H
#define DP_COMMON_RECORD_H

#include <stdint.h>

#include "deep_profile/abi/log.h"

struct dp_record {
    uint32_t id;           /* DP_EVENT_ID_* */
    uint32_t tid;          /* of the packet */
    uint64_t time_ns;
    const uint8_t *payload; /* where the decoded bytes are; at any alignment */
    uint32_t payload_bytes; /* complete: all fixed fields, arrays and texts */
    int64_t lane;
    const char *thread_name; /* of the packet */
};

/* What is known of a record's site. Members may be NULL. */
struct dp_record_site {
    const char *function;
    const char *file;
    const char *module;
    uint32_t line;
};

/* The offset of the first record at or after `offset` of its packet. */
static inline uint64_t dp_record_align(uint64_t offset)
{
    return (offset + DP_RECORD_ALIGN - 1) & ~(uint64_t)(DP_RECORD_ALIGN - 1);
}

/*
 * Decodes the record at bytes[0, left), which follows the record of *time_ns (or is the
 * first after timestamp_begin). Fills in its id, payload and time, and sets *time_ns.
 * Returns its length without padding. 0, with nothing changed: there is no complete record
 * of an event that this version knows.
 */
uint32_t dp_record_decode(const uint8_t *bytes, uint64_t left, uint64_t *time_ns,
                          struct dp_record *record);

/* The record's n-th DP_TEXT, NUL-terminated; "" if it has no such text. */
const char *dp_record_text(const struct dp_record *record, unsigned n);

/* The fixed fields, struct dp_event_NAME, copied out of the payload. */
#define dp_record_copy(record, event) memcpy(event, (record)->payload, sizeof *(event))

#endif
