/*
 * Reads logs: metadata, packets, records. With log_state the only code of the
 * tool that touches raw bytes.
 *
 * Every byte may be wrong: each read is checked against what is mapped, what
 * cannot be read is skipped and counted as damage. Nothing past a packet's
 * committed size is trusted, and a record counts only when all of it is there.
 * Nothing is allocated per record. A log may grow while it is read.
 */
#ifndef DP_TOOLS_LOG_READER_H
#define DP_TOOLS_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deep_profile/abi/log.h>

#include "files.h"
#include "log_dir.h"
#include "base/message.h"

/* Larger packets than any writer makes are damage: DEEP_PROFILE_PACKET_SIZE
 * goes to 16 MB. */
#define DP_PACKET_MAX_BYTES (UINT64_C(64) << 20)

/* What could not be read. */
struct dp_damage {
    uint64_t places;
    uint64_t bytes;          /* of the files, not read because of it */
    struct dp_problem first; /* "stream-0-0, byte 4096: …" */
};

void dp_damage_note(struct dp_damage *damage, uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct dp_log {
    char *path;
    bool has_metadata; /* and it was whole enough to have what follows */
    bool metadata_cut; /* it has, but ends before its end */
    bool has_uuid;     /* from the metadata, else from the first packet */
    uint8_t uuid[16];
    uint64_t realtime_offset_ns;
    uint32_t pid;
    char program[256];
    struct dp_stream_file *streams;
    size_t n_streams;
};

void dp_damage_add(struct dp_damage *to, const struct dp_damage *from);

/*
 * Opens the log at `path`. Returns 0; or an exit status with `problem` set when
 * it cannot be read at all or is of another version. A log without metadata
 * opens (has_metadata is false).
 */
int dp_log_open(struct dp_log *log, const char *path, struct dp_problem *problem);

void dp_log_close(struct dp_log *log);

/*
 * Lists the streams again: a running process makes new ones. Cursors find their
 * place in the new list with dp_cursor_refresh().
 */
void dp_log_refresh(struct dp_log *log);

struct dp_record {
    uint32_t id; /* DP_EVENT_ID_* */
    uint32_t tid;
    uint64_t time_ns;
    const uint8_t *payload; /* in the map: until the next call; any alignment */
    uint32_t payload_bytes; /* complete: all fixed fields and texts are there */
    int64_t lane;
    const char *thread_name; /* of the cursor */
};

/* The record's n-th DP_TEXT, NUL-terminated; "" when it has no such. */
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

/*
 * Reads one lane's records, through its segments, in the order in which they
 * were written. When it says that there is no more it can be asked again later:
 * it goes on where the writer has.
 */
struct dp_cursor {
    struct dp_log *log;
    int64_t lane;
    size_t stream; /* of log->streams; SIZE_MAX: none yet */
    uint64_t segment;
    uint64_t probed; /* damage of later segments below this one has been noted */
    struct dp_map map;
    uint64_t packet;       /* offset of the current packet */
    uint64_t packet_bytes; /* 0: none yet */
    uint64_t at;           /* offset of the next record, before alignment */
    uint64_t end;          /* committed, and in the map */
    bool broken;           /* the rest of the packet cannot be read */
    uint64_t damaged_to;   /* damage before this offset has been noted */
    uint64_t time_ns;
    uint64_t discarded; /* by the lane, as the packet says */
    uint32_t tid;
    char thread_name[sizeof(((struct dp_packet *)0)->thread_name) + 1];
    uint64_t read_bytes; /* of maps left behind, for progress */
    struct dp_damage damage;
};

void dp_cursor_start(struct dp_cursor *cursor, struct dp_log *log, int64_t lane);

bool dp_cursor_next(struct dp_cursor *cursor, struct dp_record *record);

void dp_cursor_refresh(struct dp_cursor *cursor);

/* Bytes of the lane's files that lie behind. */
uint64_t dp_cursor_position(const struct dp_cursor *cursor);

void dp_cursor_finish(struct dp_cursor *cursor);

/* ---- for `recover`, which works packet by packet ---- */

enum dp_packet_state {
    DP_PACKET_DATA,
    DP_PACKET_EMPTY, /* prepared, or all zero */
    DP_PACKET_BAD,   /* not a packet, or another log's */
    DP_PACKET_NONE,  /* no room for a header left */
};

struct dp_packet_view {
    enum dp_packet_state state;
    bool zero; /* empty, without a header */
    struct dp_packet header;
    uint64_t bytes;         /* size, as the header says; 0: not known */
    uint64_t content_bytes; /* committed, as the header says */
    const char *reason;     /* why it is bad */
};

void dp_packet_look(const struct dp_log *log, const struct dp_map *map, uint64_t offset,
                    struct dp_packet_view *view);

/*
 * How far the next packet may be: a packet that does not say how long it is
 * gives way page by page (packets start at pages), zeroes as their `fellows`.
 */
uint64_t dp_packet_step(const struct dp_packet_view *view, uint64_t fellows);

/*
 * How many bytes from the packet's start hold complete records, at most
 * `content_bytes` (which lie in the map); `last_ns`: time of the last one.
 */
uint64_t dp_packet_whole(const struct dp_map *map, uint64_t offset, uint64_t content_bytes,
                         uint64_t *last_ns);

/* The name of an event of the log; NULL for what this version does not know. */
const char *dp_record_name(uint32_t id);

#endif
