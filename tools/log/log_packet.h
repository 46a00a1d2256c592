/*
 * Packets, and the records in them.
 *
 * Used by log_cursor.c, which reads them in order, and by repair_stream.c, which
 * works packet by packet. Whoever is given a record reads its payload with
 * dp_record_copy() and dp_record_text(). Decoding is inline: it is done once a
 * record.
 */
#ifndef DP_TOOLS_LOG_PACKET_H
#define DP_TOOLS_LOG_PACKET_H

#include <string.h>

#include <deep_profile/abi/log.h>

#include "file.h"
#include "log_open.h"

/* Larger packets than any writer makes are damage: DEEP_PROFILE_PACKET_SIZE
 * goes to 16 MB. */
#define DP_PACKET_MAX_BYTES (UINT64_C(64) << 20)

/* ---- records ---- */

struct dp_record {
    uint32_t id; /* DP_EVENT_ID_* */
    uint32_t tid;
    uint64_t time_ns;
    const uint8_t *payload; /* at any alignment; until the cursor moves */
    uint32_t payload_bytes; /* all fixed fields and texts are in them */
    int64_t lane;
    const char *thread_name; /* of the cursor */
};

/* The record's n-th DP_TEXT, NUL-terminated; "" when it has fewer. */
const char *dp_record_text(const struct dp_record *record, unsigned n);

/* Fixed fields: struct dp_event_NAME copied out of the payload. */
#define dp_record_copy(record, event) memcpy(event, (record)->payload, sizeof *(event))

/* The site and duration of a `call` or `production` record. */
static inline uint32_t dp_record_call_site(const struct dp_record *record)
{
    return (record->payload[0] | (uint32_t)record->payload[1] << 8) &
           ((1u << DP_CALL_SITE_BITS) - 1);
}

static inline uint64_t dp_record_call_duration(const struct dp_record *record)
{
    const uint8_t *p = record->payload;

    return (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24) >>
           DP_CALL_SITE_BITS;
}

/* The name of an event of the log; NULL for an event that this version does not know. */
const char *dp_record_name(uint32_t id);

/* ---- packets ---- */

enum dp_packet_state {
    DP_PACKET_DATA,
    DP_PACKET_EMPTY, /* prepared, or all zero */
    DP_PACKET_BAD,   /* not a packet, or another log's */
    DP_PACKET_NONE,  /* no room for a header left, or it cannot be read */
};

struct dp_packet_view {
    enum dp_packet_state state;
    bool zero; /* empty, without a header */
    struct dp_packet header;
    uint64_t bytes;         /* size, as the header says; 0: not known */
    uint64_t content_bytes; /* committed, as the header says */
    const char *reason;     /* why it is bad */
    int error;              /* -errno: why it cannot be read; 0: it can */
};

void dp_packet_look(const struct dp_log *log, struct dp_file *file, uint64_t offset,
                    struct dp_packet_view *view);

/*
 * How far away the next packet may start from the one at `offset`. A bad packet does not
 * say how long it is: a page, since packets start at pages. One that is all zero:
 * `usual_bytes`, the size of its neighbours; a page when that is 0. A hole is one step.
 */
uint64_t dp_packet_step(struct dp_file *file, uint64_t offset, const struct dp_packet_view *view,
                        uint64_t usual_bytes);

/*
 * How many bytes from the packet's start hold complete records, at most `content_bytes`
 * and what is in the file: the header's, when there is none. `last_ns`: time of the last
 * record.
 */
uint64_t dp_packet_whole(struct dp_file *file, uint64_t offset, uint64_t content_bytes,
                         uint64_t *last_ns);

/* ---- decoding ---- */

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
    /* Zeroes, of a hole or a page that was lost, would be calls of site 0: none has it. */
    if (word == 0 && (left < 8 || dp_load_32(bytes + 4) == 0))
        return 0;
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
