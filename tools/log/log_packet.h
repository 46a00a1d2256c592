/*
 * Decoding a record, where a packet holds one. See log_reader.h.
 *
 * Used by log_packet.c and log_cursor.c: inline, it is done once a record.
 */
#ifndef DP_TOOLS_LOG_PACKET_H
#define DP_TOOLS_LOG_PACKET_H

#include <string.h>

#include "log_reader.h"

/* What a payload looks like: bytes of fixed fields, then texts. */
struct dp_shape {
    const char *name;
    uint16_t bytes;
    uint16_t texts;
};

/* By event id; one without a name is of no version that we know. */
extern const struct dp_shape dp_shapes[DP_ID_EXTENDED];

static inline uint32_t dp_load_32(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t dp_load_64(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/*
 * The record at bytes[0, left): its id, payload and the time that follows
 * *time_ns. Returns its length, 0 when there is no complete record.
 */
static inline uint32_t dp_record_decode(const uint8_t *bytes, uint64_t left, uint64_t *time_ns,
                                        struct dp_record *record)
{
    uint32_t header = sizeof(uint32_t);

    if (left < header)
        return 0;
    uint32_t word = dp_load_32(bytes);
    uint32_t id = word & ((1u << DP_ID_BITS) - 1);
    uint64_t time = (*time_ns & ~(uint64_t)DP_TIME_MASK) | word >> DP_ID_BITS;
    if (id == DP_ID_EXTENDED) {
        header = sizeof(struct dp_wide_header);
        if (left < header || word >> DP_ID_BITS != 0)
            return 0;
        id = dp_load_32(bytes + offsetof(struct dp_wide_header, id));
        time = dp_load_64(bytes + offsetof(struct dp_wide_header, time_ns));
        if (id >= DP_ID_EXTENDED)
            return 0;
    } else if (time < *time_ns) {
        time += UINT64_C(1) << DP_TIME_BITS;
    }
    uint64_t length = dp_shapes[id].bytes;
    if (length == 0 || length > left - header)
        return 0;
    for (unsigned i = 0; i < dp_shapes[id].texts; i++) {
        const uint8_t *text = bytes + header + length;
        const uint8_t *end = memchr(text, 0, left - header - length);
        if (!end)
            return 0;
        length += (uint64_t)(end - text) + 1;
    }
    if (length > UINT32_MAX - header)
        return 0;
    *time_ns = time;
    record->id = id;
    record->time_ns = time;
    record->payload = bytes + header;
    record->payload_bytes = (uint32_t)length;
    return header + (uint32_t)length;
}

static inline uint64_t dp_record_align(uint64_t offset)
{
    return (offset + DP_RECORD_ALIGN - 1) & ~(uint64_t)(DP_RECORD_ALIGN - 1);
}

#endif
