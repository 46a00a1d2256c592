/*
 * Packets. common/record.h decodes the records in them.
 *
 * Used by log_cursor.c, which reads them in order, and by repair_stream.c, which
 * works packet by packet.
 */
#ifndef DP_TOOLS_LOG_PACKET_H
#define DP_TOOLS_LOG_PACKET_H

#include <string.h>

#include "common/record.h"

#include "file.h"
#include "log_open.h"

/* Larger packets than any writer makes are damage: DEEP_PROFILE_PACKET_SIZE
 * goes to 16 MB. */
#define DP_PACKET_MAX_BYTES (UINT64_C(64) << 20)

enum dp_packet_state {
    DP_PACKET_DATA,
    DP_PACKET_EMPTY, /* prepared, all zero, or a header that is being written */
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

#endif
