/* See record.h. */
#include "record.h"

#include <string.h>

#include "events.h"

/* Zeros, of a hole or of a lost page, would decode as calls of site 0, which no function
 * has. */
static bool is_zero(const uint8_t *bytes, uint64_t left)
{
    static const uint8_t zero[8];

    return memcmp(bytes, zero, left < sizeof zero ? left : sizeof zero) == 0;
}

uint32_t dp_record_decode(const uint8_t *bytes, uint64_t left, uint64_t *time_ns,
                          struct dp_record *record)
{
    struct dp_wide_header wide;
    uint32_t word, header = sizeof word;
    uint64_t payload_bytes;

    if (left < header)
        return 0;
    memcpy(&word, bytes, sizeof word);
    if (word == 0 && is_zero(bytes, left))
        return 0;
    uint32_t id = word & ((1u << DP_ID_BITS) - 1);
    uint64_t time = (*time_ns & ~(uint64_t)DP_TIME_MASK) | word >> DP_ID_BITS;
    if (id == DP_ID_EXTENDED) {
        header = sizeof wide;
        if (left < header || word >> DP_ID_BITS != 0)
            return 0;
        memcpy(&wide, bytes, sizeof wide);
        id = wide.id;
        time = wide.time_ns;
    } else if (time < *time_ns) {
        time += UINT64_C(1) << DP_TIME_BITS;
    }
    if (!dp_event_size(id, bytes + header, left - header, &payload_bytes) ||
        payload_bytes > UINT32_MAX - header)
        return 0;
    *time_ns = time;
    record->id = id;
    record->time_ns = time;
    record->payload = bytes + header;
    record->payload_bytes = (uint32_t)payload_bytes;
    return header + (uint32_t)payload_bytes;
}

const char *dp_record_text(const struct dp_record *record, unsigned n)
{
    return dp_event_text(record->id, record->payload, n);
}
