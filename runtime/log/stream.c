/*
 * Packets; see stream.h. This is off the hot path, but runs in the thread that records, at
 * any point of the host's program: no allocation, no lock except that of segments.c.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>

#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "directory.h"
#include "prepare.h"
#include "segments.h"

#define FIRST_PACKET_BYTES 16384
#define RETRY_NS 10000000
#define LEAST_PACKET_BYTES 4096 /* when memory or the log's size is short */

static uint8_t trace_uuid[16];
void dp_streams_init(const uint8_t uuid[16])
{
    memcpy(trace_uuid, uuid, sizeof trace_uuid);
    dp_segments_init();
}

void dp_stream_init(struct dp_stream *stream, uint32_t lane)
{
    uint64_t packet_limit = dp_segments_packet_limit();
    *stream = (struct dp_stream){.lane = lane, .next_bytes = FIRST_PACKET_BYTES};
    if (stream->next_bytes > packet_limit)
        stream->next_bytes = (uint32_t)packet_limit;
}

void dp_stream_set_thread(struct dp_stream *stream, uint32_t tid, const char name[16])
{
    stream->tid = tid;
    memcpy(stream->thread_name, name, sizeof stream->thread_name);
}

/* No record fits into 0 bytes, so the next one asks for another packet. */
void dp_stream_ruined(struct dp_stream *stream)
{
    stream->ruined = true;
    stream->packet_bytes = stream->limit = 0;
}

static void note(const struct dp_stream *stream, int64_t bytes, int64_t records, bool closed)
{
    dp_segments_note(stream->lane, stream->segment, bytes, records, closed);
}

/* The sink reads `open`, `segment` and `sequence` while they change. */
static void leave_segment(struct dp_stream *stream)
{
    note(stream, 0, 0, true);
    __atomic_store_n(&stream->segment, stream->segment + 1, __ATOMIC_RELEASE);
}

/* How many of the `bytes` of the current segment's file are left on the disk. If that is
 * not known: all. */
static uint64_t bytes_left(const struct dp_stream *stream, uint64_t bytes)
{
    char name[DP_SEGMENT_NAME];
    dp_segment_name(name, stream->lane, stream->segment);
    int fd = dp_directory_open(name);
    if (fd < 0)
        return fd == -ENOENT ? 0 : bytes;
    int64_t size = dp_os_size(fd);
    dp_os_close(fd);
    return size < 0 || (uint64_t)size > bytes ? bytes : (uint64_t)size;
}

/* Somebody cut or removed the segment's file: writes nothing more to it, and the next
 * packet goes into a new file. Bytes that are not on the disk any more make room for
 * others. Counts `records` as lost, and those of the packets in the segment's first
 * `complete` bytes too if the cut reached into them: which of them are left is not known. */
static void give_up_segment(struct dp_stream *stream, uint64_t complete, uint64_t records)
{
    struct dp_segment segment = dp_segments_find(stream->lane, stream->segment);
    uint64_t left = bytes_left(stream, segment.bytes);
    uint64_t earlier = left < complete ? segment.records : 0;
    note(stream, (int64_t)(left - segment.bytes), -(int64_t)earlier, false);
    dp_process_lost(DP_LOSS_NO_SPACE, earlier + records);
    leave_segment(stream);
    __atomic_store_n(&stream->open, false, __ATOMIC_RELEASE);
    stream->given_up++;
}

static void close_ruined(struct dp_stream *stream)
{
    dp_stream_forget(stream);
    give_up_segment(stream, stream->offset, stream->records);
    stream->closed_records += stream->records;
    stream->records = 0;
}

/* Cuts the file to `bytes` if it still has the length that we gave it. */
static void give_back(const char *name, uint64_t size, uint64_t bytes)
{
    int fd = dp_directory_open(name);
    if (fd < 0)
        return;
    if (dp_os_size(fd) == (int64_t)size)
        dp_os_truncate(fd, bytes);
    dp_os_close(fd);
}

/* Unmaps the packet and gives its unused end back to the file system. */
void dp_stream_close_packet(struct dp_stream *stream)
{
    if (!stream->packet)
        return;
    uint64_t page = dp_os_page_bytes(), bytes = stream->packet_bytes;
    uint32_t used = (uint32_t)((stream->position + page - 1) / page * page);
    char name[DP_SEGMENT_NAME];
    dp_segment_name(name, stream->lane, stream->segment);
    if (used < bytes)
        stream->packet->packet_size_bits = (uint64_t)used * 8;
    DP_COMPILER_BARRIER(); /* that store may have found the file cut */
    if (stream->ruined) {
        close_ruined(stream);
        return;
    }
    if (used < bytes)
        give_back(name, stream->offset + bytes, stream->offset + used);
    note(stream, (int64_t)used - (int64_t)stream->packet_bytes,
         (int64_t)stream->records, false);
    dp_stream_forget(stream);
    stream->segment_bytes = stream->offset + used;
    stream->closed_records += stream->records;
    stream->records = 0;
}

void dp_stream_forget(struct dp_stream *stream)
{
    if (stream->packet) {
        dp_memory_ceiling_give(stream->mapped_bytes);
        dp_prepare_end(stream);
    }
    stream->ruined = false;
}

static bool within_limit(struct dp_stream *stream, uint64_t bytes)
{
    enum dp_segments_room room = DP_SEGMENTS_ROOM;
    if (stream->lane == DP_RUNTIME_LANE)
        return true;
    while ((room = dp_segments_make_room(bytes)) == DP_SEGMENTS_ALL_OPEN && stream->open) {
        /* Only open segments are left: closes this stream's own one. */
        leave_segment(stream);
        __atomic_store_n(&stream->open, false, __ATOMIC_RELEASE);
    }
    return room == DP_SEGMENTS_ROOM;
}

static int new_segment(struct dp_stream *stream)
{
    char name[DP_SEGMENT_NAME];
    if (stream->open)
        leave_segment(stream);
    dp_segment_name(name, stream->lane, stream->segment);
    int fd = dp_directory_create(name);
    if (fd < 0)
        return fd;
    __atomic_store_n(&stream->open, true, __ATOMIC_RELEASE);
    stream->segment_bytes = 0;
    dp_segments_add(stream->lane, stream->segment);
    return fd;
}

static int open_segment(struct dp_stream *stream, uint64_t bytes)
{
    if (!stream->open || stream->segment_bytes + bytes > dp_segments_file_limit())
        return new_segment(stream);
    char name[DP_SEGMENT_NAME];
    dp_segment_name(name, stream->lane, stream->segment);
    int fd = dp_directory_open(name);
    int64_t size = fd < 0 ? -1 : dp_os_size(fd);
    if ((fd < 0 && fd != -ENOENT) ||
        (fd >= 0 && (size < 0 || (uint64_t)size >= stream->segment_bytes)))
        return fd;
    if (fd >= 0)
        dp_os_close(fd); /* somebody cut or removed the file between two packets */
    give_up_segment(stream, stream->segment_bytes, 0);
    return new_segment(stream);
}

static int map_packet(struct dp_stream *stream, uint64_t bytes)
{
    int fd = open_segment(stream, bytes);
    if (fd < 0)
        return fd;
    int error = dp_os_allocate(fd, stream->segment_bytes, bytes);
    if (!error) {
        stream->packet = dp_os_map_file(fd, stream->segment_bytes, bytes);
        if (!stream->packet)
            error = -1;
    }
    if (error) /* a partly allocated packet would read as one without magic */
        dp_os_truncate(fd, stream->segment_bytes);
    dp_os_close(fd);
    return error;
}

static void write_header(struct dp_stream *stream)
{
    struct dp_packet *packet = stream->packet;
    stream->last_ns = stream->asked_ns; /* the packet begins with the record that asked for it */
    memcpy(packet->uuid, trace_uuid, sizeof packet->uuid);
    packet->stream_class = 0;
    packet->packet_size_bits = (uint64_t)stream->packet_bytes * 8;
    packet->timestamp_begin = stream->last_ns;
    packet->events_discarded = stream->discarded;
    packet->sequence = stream->sequence;
    packet->lane = stream->lane;
    packet->tid = stream->tid;
    memcpy(packet->thread_name, stream->thread_name, sizeof packet->thread_name);
    __atomic_store_n(&packet->content_size_bits, sizeof *packet * 8, __ATOMIC_RELEASE);
    __atomic_store_n(&packet->magic, DP_PACKET_MAGIC, __ATOMIC_RELEASE);
    /* pairs with the sink's load: the packet before this one is complete */
    __atomic_store_n(&stream->sequence, stream->sequence + 1, __ATOMIC_RELEASE);
}

/* Discards the record, and for a while all further ones, without trying again. */
static uint64_t discard(struct dp_stream *stream, enum dp_loss reason, uint64_t *lost)
{
    stream->discarded++;
    lost[reason]++;
    stream->retry_loss = reason;
    stream->retry_ns = stream->asked_ns + RETRY_NS;
    return 0;
}

/* The size of a smaller packet; 0: the record would not fit, or packets get no smaller. */
static uint64_t half_packet(uint64_t bytes, uint64_t needed)
{
    uint64_t page = dp_os_page_bytes(), half = bytes / 2 / page * page;
    return half < LEAST_PACKET_BYTES || half < sizeof(struct dp_packet) + needed ? 0 : half;
}

/* Takes memory for a packet: a smaller one if many threads share the ceiling; 0 if nothing
 * is left. The process's stream always gets its packet: it is small, and says what was
 * lost. */
static uint64_t take_memory(const struct dp_stream *stream, uint64_t bytes, uint64_t needed)
{
    while (!dp_memory_ceiling_take(bytes)) {
        if (stream->lane == DP_RUNTIME_LANE) {
            dp_memory_ceiling_take_anyway(bytes);
            return bytes;
        }
        bytes = half_packet(bytes, needed);
        if (!bytes)
            return 0;
    }
    return bytes;
}

static uint64_t next_packet(struct dp_stream *stream, uint64_t needed, uint64_t *lost)
{
    uint64_t bytes = stream->next_bytes, packet_limit = dp_segments_packet_limit();
    if (sizeof(struct dp_packet) + needed > packet_limit) {
        stream->discarded++; /* discards this record only: smaller ones still fit */
        lost[DP_LOSS_NO_SPACE]++;
        return 0;
    }
    while (bytes < sizeof(struct dp_packet) + needed)
        bytes *= 2;
    if (bytes > packet_limit)
        bytes = packet_limit;
    if (dp_prepare_more(stream, needed))
        return 1;
    dp_stream_close_packet(stream);
    while (!within_limit(stream, bytes)) {
        bytes = half_packet(bytes, needed);
        if (!bytes)
            return discard(stream, DP_LOSS_LOG_FULL, lost);
    }
    uint64_t promised = stream->lane == DP_RUNTIME_LANE ? 0 : bytes;
    bytes = take_memory(stream, bytes, needed);
    if (!bytes || map_packet(stream, bytes) != 0) {
        dp_segments_end_promise(promised);
        if (bytes)
            dp_memory_ceiling_give(bytes);
        return discard(stream, bytes ? DP_LOSS_NO_SPACE : DP_LOSS_NO_MEMORY, lost);
    }
    stream->packet_bytes = stream->mapped_bytes = (uint32_t)bytes;
    stream->offset = stream->segment_bytes;
    stream->segment_bytes += bytes;
    stream->position = sizeof(struct dp_packet);
    dp_prepare_begin(stream);
    write_header(stream);
    note(stream, (int64_t)bytes, 0, false);
    dp_segments_end_promise(promised);
    DP_COMPILER_BARRIER(); /* the header may have found the file cut */
    /* do not retry: somebody who cuts files faster than we write would keep us here */
    if (stream->ruined)
        return discard(stream, DP_LOSS_NO_SPACE, lost);
    if (bytes * 2 <= packet_limit)
        stream->next_bytes = (uint32_t)bytes * 2;
    return 1;
}

uint64_t dp_stream_next(void *stream, uintptr_t needed, uintptr_t lost)
{
    int saved_errno = errno;
    if (((struct dp_stream *)stream)->parents)
        return 0;
    uint64_t made = next_packet(stream, needed, (uint64_t *)lost);
    errno = saved_errno;
    return made;
}
