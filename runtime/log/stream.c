/*
 * Packets and segments; see stream.h. Not on the hot path, but in the thread
 * that records, at any point of the host's program: no allocation, no lock but
 * the segment list's, held for a few stores with signals blocked.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>

#include "base/budget.h"
#include "common/text.h"
#include "directory.h"
#include "base/lock.h"
#include "base/os.h"
#include "prepare.h"
#include "base/facts.h"
#include "base/settings.h"

#define FIRST_PACKET_BYTES 16384
#define RETRY_NS 10000000
#define LEAST_PACKET_BYTES 4096 /* when memory is short */
#define MAX_SEGMENTS 65536

/* A finished or open segment, in order of creation: the flight recorder removes
 * from the front. */
struct segment {
    uint32_t lane;
    uint32_t number;
    uint64_t bytes;
    uint64_t records;
    bool closed;
};

static uint8_t trace_uuid[16];
static uint64_t size_limit, packet_limit;
static bool keep_newest;
static _Atomic uint64_t bytes_on_disk;
static _Atomic uint64_t own_bytes; /* of it, in the process's own stream */
static _Atomic uint64_t overwritten;

static struct dp_lock segments_lock;
static struct segment *segments; /* ring of MAX_SEGMENTS */
static uint32_t first_segment, n_segments;

void dp_streams_init(const uint8_t uuid[16])
{
    memcpy(trace_uuid, uuid, sizeof trace_uuid);
    size_limit = dp_setting_value(DP_SETTING_SIZE_LIMIT);
    uint64_t page = dp_os_page_bytes();
    packet_limit = (dp_setting_value(DP_SETTING_PACKET_SIZE) + page - 1) / page * page;
    keep_newest = strcmp(dp_setting_text(DP_SETTING_WHEN_FULL), "keep") == 0;
    if (!segments)
        segments = dp_os_map_memory(MAX_SEGMENTS * sizeof *segments);
}

void dp_streams_reset(void)
{
    dp_lock_init(&segments_lock);
    first_segment = n_segments = 0;
    atomic_store_explicit(&bytes_on_disk, 0, memory_order_relaxed);
    atomic_store_explicit(&own_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&overwritten, 0, memory_order_relaxed);
}

uint64_t dp_streams_bytes(void)
{
    return atomic_load_explicit(&bytes_on_disk, memory_order_relaxed);
}

uint64_t dp_streams_overwritten(void)
{
    return atomic_load_explicit(&overwritten, memory_order_relaxed);
}

void dp_stream_segment_name(char name[DP_SEGMENT_NAME], uint32_t lane, uint32_t number)
{
    struct dp_text text = {name, DP_SEGMENT_NAME - 1, 0};
    dp_text_string(&text, lane == DP_RUNTIME_LANE ? "runtime" : "stream-");
    if (lane != DP_RUNTIME_LANE)
        dp_text_padded(&text, lane, 4);
    dp_text_char(&text, '-');
    dp_text_padded(&text, number, 4);
    name[text.length] = 0;
}

/* Segments are small enough that the flight recorder forgets in fine steps. */
static uint64_t segment_limit(void)
{
    uint64_t limit = size_limit / 16;
    if (limit > 64u << 20)
        limit = 64u << 20;
    return limit < packet_limit ? packet_limit : limit;
}

void dp_stream_init(struct dp_stream *stream, uint32_t lane)
{
    *stream = (struct dp_stream){.lane = lane, .next_bytes = FIRST_PACKET_BYTES};
    if (stream->next_bytes > packet_limit)
        stream->next_bytes = (uint32_t)packet_limit;
}

void dp_stream_set_thread(struct dp_stream *stream, uint32_t tid, const char name[16])
{
    stream->tid = tid;
    memcpy(stream->thread_name, name, sizeof stream->thread_name);
}

static struct segment *find_segment(uint32_t lane, uint32_t number)
{
    for (uint32_t i = n_segments; i-- > 0;) {
        struct segment *segment = &segments[(first_segment + i) % MAX_SEGMENTS];
        if (segment->lane == lane && segment->number == number)
            return segment;
    }
    return NULL;
}

static void note_bytes(struct dp_stream *stream, int64_t bytes, uint64_t records, bool closed)
{
    atomic_fetch_add_explicit(&bytes_on_disk, (uint64_t)bytes, memory_order_relaxed);
    if (stream->lane == DP_RUNTIME_LANE)
        atomic_fetch_add_explicit(&own_bytes, (uint64_t)bytes, memory_order_relaxed);
    struct dp_os_signals saved;
    dp_lock_take(&segments_lock, &saved);
    struct segment *segment = find_segment(stream->lane, stream->segment);
    if (segment) {
        segment->bytes += (uint64_t)bytes;
        segment->records += records;
        segment->closed = closed;
    }
    dp_lock_give(&segments_lock, &saved);
}

/* The next record asks for another packet: none fits into 0 bytes. */
void dp_stream_ruined(struct dp_stream *stream)
{
    stream->ruined = true;
    stream->packet_bytes = stream->limit = 0;
}

/* What the sink reads of it while it is written: `open`, `segment`, `sequence`. */
static void leave_segment(struct dp_stream *stream)
{
    note_bytes(stream, 0, 0, true);
    __atomic_store_n(&stream->segment, stream->segment + 1, __ATOMIC_RELEASE);
}

/* Of the current segment's file: `bytes`, as far as it can be seen. */
static uint64_t bytes_left(const struct dp_stream *stream, uint64_t bytes)
{
    char name[DP_SEGMENT_NAME];
    dp_stream_segment_name(name, stream->lane, stream->segment);
    int fd = dp_directory_open(name);
    if (fd < 0)
        return fd == -ENOENT ? 0 : bytes;
    int64_t size = dp_os_size(fd);
    dp_os_close(fd);
    return size < 0 || (uint64_t)size > bytes ? bytes : (uint64_t)size;
}

static struct segment segment_now(const struct dp_stream *stream)
{
    struct dp_os_signals saved;
    dp_lock_take(&segments_lock, &saved);
    const struct segment *found = find_segment(stream->lane, stream->segment);
    struct segment segment = found ? *found : (struct segment){0};
    dp_lock_give(&segments_lock, &saved);
    return segment;
}

/* Nothing more comes into the file that somebody cut or took away; the next packet
 * gets one of its own. What is not on the disk any more leaves room for others. */
static void give_up_segment(struct dp_stream *stream, uint64_t lost)
{
    uint64_t bytes = segment_now(stream).bytes;
    note_bytes(stream, (int64_t)(bytes_left(stream, bytes) - bytes), 0, false);
    dp_process_lost(DP_LOSS_NO_SPACE, lost);
    leave_segment(stream);
    __atomic_store_n(&stream->open, false, __ATOMIC_RELEASE);
    stream->given_up++;
}

static void close_ruined(struct dp_stream *stream)
{
    dp_stream_forget(stream);
    give_up_segment(stream, stream->records);
    stream->closed_records += stream->records;
    stream->records = 0;
}

/* Cuts the file to `bytes`, when it still is as long as we made it. */
static void give_back(const char *name, uint64_t size, uint64_t bytes)
{
    int fd = dp_directory_open(name);
    if (fd < 0)
        return;
    if (dp_os_size(fd) == (int64_t)size)
        dp_os_truncate(fd, bytes);
    dp_os_close(fd);
}

/* Takes the packet off the mapping; its unused end back from the file. */
void dp_stream_close_packet(struct dp_stream *stream)
{
    if (!stream->packet)
        return;
    uint64_t page = dp_os_page_bytes(), bytes = stream->packet_bytes;
    uint32_t used = (uint32_t)((stream->position + page - 1) / page * page);
    char name[DP_SEGMENT_NAME];
    dp_stream_segment_name(name, stream->lane, stream->segment);
    if (used < bytes)
        stream->packet->packet_size_bits = (uint64_t)used * 8;
    DP_COMPILER_BARRIER(); /* that store may have found the file cut */
    if (stream->ruined) {
        close_ruined(stream);
        return;
    }
    if (used < bytes)
        give_back(name, stream->offset + bytes, stream->offset + used);
    note_bytes(stream, (int64_t)used - (int64_t)stream->packet_bytes, stream->records, false);
    dp_stream_forget(stream);
    stream->segment_bytes = stream->offset + used;
    stream->closed_records += stream->records;
    stream->records = 0;
}

void dp_stream_forget(struct dp_stream *stream)
{
    if (stream->packet) {
        dp_budget_give(stream->mapped_bytes);
        dp_prepare_end(stream);
    }
    stream->ruined = false;
}

/* Removes the oldest closed segment; false when there is none. */
static bool remove_oldest(void)
{
    struct dp_os_signals saved;
    bool found = false;
    struct segment victim = {0};
    dp_lock_take(&segments_lock, &saved);
    for (uint32_t i = 0; i < n_segments && !found; i++) {
        struct segment *segment = &segments[(first_segment + i) % MAX_SEGMENTS];
        if (!segment->closed || segment->lane == DP_RUNTIME_LANE)
            continue;
        victim = *segment;
        found = true;
        for (uint32_t j = i; j > 0; j--)
            segments[(first_segment + j) % MAX_SEGMENTS] =
                segments[(first_segment + j - 1) % MAX_SEGMENTS];
        first_segment = (first_segment + 1) % MAX_SEGMENTS;
        n_segments--;
    }
    dp_lock_give(&segments_lock, &saved);
    if (!found)
        return false;
    char name[DP_SEGMENT_NAME];
    dp_stream_segment_name(name, victim.lane, victim.number);
    dp_directory_unlink(name);
    atomic_fetch_sub_explicit(&bytes_on_disk, victim.bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&overwritten, victim.records, memory_order_relaxed);
    return true;
}

/* For the process's own stream, which is small, and says what was lost. */
static uint64_t reserved_bytes(void)
{
    uint64_t share = size_limit / DP_STREAM_OWN_SHARE;
    uint64_t used = atomic_load_explicit(&own_bytes, memory_order_relaxed);
    return share > used ? share - used : 0;
}

static bool within_limit(struct dp_stream *stream, uint64_t bytes)
{
    if (stream->lane == DP_RUNTIME_LANE)
        return true;
    while (dp_streams_bytes() + reserved_bytes() + bytes > size_limit) {
        if (!keep_newest)
            return false;
        if (remove_oldest())
            continue;
        /* Nothing but open segments is left: its own gives way. */
        if (!stream->open)
            return false;
        leave_segment(stream);
        __atomic_store_n(&stream->open, false, __ATOMIC_RELEASE);
    }
    return true;
}

static int new_segment(struct dp_stream *stream)
{
    char name[DP_SEGMENT_NAME];
    struct dp_os_signals saved;
    if (stream->open)
        leave_segment(stream);
    dp_stream_segment_name(name, stream->lane, stream->segment);
    int fd = dp_directory_create(name);
    if (fd < 0)
        return fd;
    __atomic_store_n(&stream->open, true, __ATOMIC_RELEASE);
    stream->segment_bytes = 0;
    dp_lock_take(&segments_lock, &saved);
    if (n_segments < MAX_SEGMENTS && segments)
        segments[(first_segment + n_segments++) % MAX_SEGMENTS] =
            (struct segment){.lane = stream->lane, .number = stream->segment};
    dp_lock_give(&segments_lock, &saved);
    return fd;
}

static int open_segment(struct dp_stream *stream, uint64_t bytes)
{
    if (!stream->open || stream->segment_bytes + bytes > segment_limit())
        return new_segment(stream);
    char name[DP_SEGMENT_NAME];
    dp_stream_segment_name(name, stream->lane, stream->segment);
    int fd = dp_directory_open(name);
    int64_t size = fd < 0 ? -1 : dp_os_size(fd);
    if ((fd < 0 && fd != -ENOENT) ||
        (fd >= 0 && (size < 0 || (uint64_t)size >= stream->segment_bytes)))
        return fd;
    if (fd >= 0)
        dp_os_close(fd); /* cut, or taken away, between two packets */
    give_up_segment(stream, segment_now(stream).records);
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
    if (error) /* what was allocated in part would read as a packet without magic */
        dp_os_truncate(fd, stream->segment_bytes);
    dp_os_close(fd);
    return error;
}

static void write_header(struct dp_stream *stream)
{
    struct dp_packet *packet = stream->packet;
    stream->last_ns = stream->asked_ns; /* the packet begins with that record */
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

/* The records of the next moments go the same way, without asking again. */
static uint64_t discard(struct dp_stream *stream, enum dp_loss reason, uint64_t *lost)
{
    stream->discarded++;
    lost[reason]++;
    stream->retry_loss = reason;
    stream->retry_ns = stream->asked_ns + RETRY_NS;
    return 0;
}

/* Smaller packets while many threads share what there is; 0: nothing is left. The
 * process's own stream is one, small, and says what was lost. */
static uint64_t take_memory(const struct dp_stream *stream, uint64_t bytes, uint64_t needed)
{
    uint64_t page = dp_os_page_bytes();
    while (!dp_budget_take(bytes)) {
        if (stream->lane == DP_RUNTIME_LANE) {
            dp_budget_take_anyway(bytes);
            return bytes;
        }
        uint64_t half = bytes / 2 / page * page;
        if (half < LEAST_PACKET_BYTES || half < sizeof(struct dp_packet) + needed)
            return 0;
        bytes = half;
    }
    return bytes;
}

static uint64_t next_packet(struct dp_stream *stream, uint64_t needed, uint64_t *lost)
{
    uint64_t bytes = stream->next_bytes;
    if (sizeof(struct dp_packet) + needed > packet_limit) {
        stream->discarded++; /* this one alone: smaller ones still fit */
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
    if (!within_limit(stream, bytes))
        return discard(stream, DP_LOSS_LOG_FULL, lost);
    bytes = take_memory(stream, bytes, needed);
    if (!bytes)
        return discard(stream, DP_LOSS_NO_MEMORY, lost);
    if (map_packet(stream, bytes) != 0) {
        dp_budget_give(bytes);
        return discard(stream, DP_LOSS_NO_SPACE, lost);
    }
    stream->packet_bytes = stream->mapped_bytes = (uint32_t)bytes;
    stream->offset = stream->segment_bytes;
    stream->segment_bytes += bytes;
    stream->position = sizeof(struct dp_packet);
    dp_prepare_begin(stream);
    write_header(stream);
    note_bytes(stream, (int64_t)bytes, 0, false);
    DP_COMPILER_BARRIER(); /* the header may have found the file cut */
    if (stream->ruined) /* whoever cuts faster than we write does not keep us here */
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
