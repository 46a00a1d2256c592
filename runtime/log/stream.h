/*
 * Streams: packets of the log in mapped files, and how records get into them.
 *
 * dp_record_begin/commit are the hot path (general registers only, no calls while the
 * packet has room). dp_stream_next() makes a new packet in the thread that needs it, once
 * for thousands of records. One thread writes to a stream; the process's stream is written
 * under a lock (process_log.h). Segments are files of packets (segments.h).
 */
#ifndef DP_STREAM_H
#define DP_STREAM_H

#include "arch/call_out.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "stream_state.h"

/* Before any stream is used. Files are made in the log's directory. */
void dp_streams_init(const uint8_t uuid[16]);

void dp_stream_init(struct dp_stream *stream, uint32_t lane);
/* From the next packet on, another thread writes. */
void dp_stream_set_thread(struct dp_stream *stream, uint32_t tid, const char name[16]);
/* Closes the packet and gives back its unused end; the next record opens another one. */
void dp_stream_close_packet(struct dp_stream *stream);
/* The packet's file was cut, and memory mapped in its place: the packet's records and the
 * segment are lost. Async-signal-safe. */
void dp_stream_ruined(struct dp_stream *stream);
/* Unmaps without touching the file. */
void dp_stream_forget(struct dp_stream *stream);

/* Makes room for `bytes` in a new packet; false: the record is discarded and counted into
 * lost[]. A dp_out_function: (stream, bytes, lost). */
uint64_t dp_stream_next(void *stream, uintptr_t bytes, uintptr_t lost);

/*
 * Writes the header of a record of `payload` bytes at time *now, and returns where its
 * payload goes, or NULL. If *now is before the stream's last record, it is raised to that
 * record's time. Every begin that succeeds must be followed by a commit.
 */
static inline void *dp_record_begin(struct dp_stream *stream, uint32_t id, size_t payload,
                                    uint64_t *now, uint64_t *lost)
{
    for (;;) {
        if (DP_UNLIKELY(*now < stream->last_ns)) {
            lost[DP_LOSS_CLOCK_BACK]++;
            *now = stream->last_ns;
        }
        bool compact = id < DP_ID_EXTENDED && *now - stream->last_ns <= DP_TIME_MASK;
        size_t header = compact ? sizeof(uint32_t) : sizeof(struct dp_wide_header);
        size_t end = stream->position + header + payload + DP_RECORD_ALIGN - 1;
        if (DP_LIKELY(end <= stream->limit)) {
            char *at = (char *)stream->packet + stream->position;
            if (DP_LIKELY(compact)) {
                *(uint32_t *)at = id | (uint32_t)(*now & DP_TIME_MASK) << DP_ID_BITS;
            } else {
                struct dp_wide_header *wide = (struct dp_wide_header *)at;
                wide->extended = DP_ID_EXTENDED;
                wide->id = id;
                wide->time_ns = *now;
            }
            return at + header;
        }
        if (*now < stream->retry_ns) {
            stream->discarded++;
            lost[stream->retry_loss]++;
            return NULL;
        }
        stream->asked_ns = *now;
        if (!dp_call_out(dp_stream_next, stream, header + payload + DP_RECORD_ALIGN,
                         (uintptr_t)lost))
            return NULL;
    }
}

/* `end`: one past the payload. */
static inline void dp_record_commit(struct dp_stream *stream, const void *end, uint64_t now)
{
    uint32_t bytes = (uint32_t)((const char *)end - (const char *)stream->packet);
    stream->position = (bytes + DP_RECORD_ALIGN - 1) & ~(uint32_t)(DP_RECORD_ALIGN - 1);
    stream->last_ns = now;
    stream->records++;
    /* The commit: pairs with the acquire load of every reader. Content ends with
     * the record, not with its padding, which the next header's alignment adds. */
    __atomic_store_n(&stream->packet->content_size_bits, (uint64_t)bytes * 8, __ATOMIC_RELEASE);
}

/*
 * Begin and commit in one, of a record of 4 bytes that follows the one before within
 * DP_TIME_MASK ns and for which the packet has room. False: it is neither, and nothing was
 * written.
 */
static inline bool dp_record_word(struct dp_stream *stream, uint32_t id, uint32_t word,
                                  uint64_t now)
{
    uint32_t position = stream->position, end = position + 2 * sizeof(uint32_t);
    if (DP_UNLIKELY(now - stream->last_ns > DP_TIME_MASK /* also a negative one */ ||
                    end + DP_RECORD_ALIGN - 1 > stream->limit))
        return false;
    uint32_t *at = (uint32_t *)((char *)stream->packet + position);
    at[0] = id | (uint32_t)now << DP_ID_BITS;
    at[1] = word;
    stream->position = end; /* a multiple of DP_RECORD_ALIGN */
    stream->last_ns = now;
    stream->records++;
    __atomic_store_n(&stream->packet->content_size_bits, (uint64_t)end * 8, __ATOMIC_RELEASE);
    return true;
}

#endif
