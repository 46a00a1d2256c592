/* See segments.h. */
#include "segments.h"

#include <string.h>

#include "base/lock.h"
#include "base/os.h"
#include "base/settings.h"
#include "common/text.h"
#include "directory.h"
#include "stream_state.h"

#define MAX_SEGMENTS 65536

static uint64_t size_limit, packet_limit;
static bool keep_newest;
static _Atomic uint64_t bytes_on_disk;
static _Atomic uint64_t process_bytes; /* bytes of it in the process's stream */
static _Atomic uint64_t promised; /* bytes that are not on the disk yet, but soon will be */
static _Atomic uint64_t overwritten;

static struct dp_lock segments_lock;
static struct dp_segment *segments; /* ring of MAX_SEGMENTS, in order of creation */
static uint32_t first_segment, n_segments;

void dp_segments_init(void)
{
    size_limit = dp_setting_value(DP_SETTING_SIZE_LIMIT);
    uint64_t page = dp_os_page_bytes();
    packet_limit = (dp_setting_value(DP_SETTING_PACKET_SIZE) + page - 1) / page * page;
    if (packet_limit > size_limit / DP_STREAM_SHARE) /* of some threads each has one */
        packet_limit = size_limit / DP_STREAM_SHARE / page * page;
    keep_newest = strcmp(dp_setting_text(DP_SETTING_WHEN_FULL), "keep") == 0;
    if (!segments)
        segments = dp_os_map_memory(MAX_SEGMENTS * sizeof *segments);
}

void dp_segments_reset(void)
{
    dp_lock_init(&segments_lock);
    first_segment = n_segments = 0;
    atomic_store_explicit(&bytes_on_disk, 0, memory_order_relaxed);
    atomic_store_explicit(&promised, 0, memory_order_relaxed);
    atomic_store_explicit(&process_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&overwritten, 0, memory_order_relaxed);
}

uint64_t dp_segments_bytes(void)
{
    return atomic_load_explicit(&bytes_on_disk, memory_order_relaxed);
}

uint64_t dp_segments_overwritten(void)
{
    return atomic_load_explicit(&overwritten, memory_order_relaxed);
}

void dp_segment_name(char name[DP_SEGMENT_NAME], uint32_t lane, uint32_t number)
{
    struct dp_text text = {name, DP_SEGMENT_NAME - 1, 0};
    dp_text_string(&text, lane == DP_RUNTIME_LANE ? "runtime" : "stream-");
    if (lane != DP_RUNTIME_LANE)
        dp_text_padded(&text, lane, 4);
    dp_text_char(&text, '-');
    dp_text_padded(&text, number, 4);
    name[text.length] = 0;
}

uint64_t dp_segments_packet_limit(void)
{
    return packet_limit;
}

uint64_t dp_segments_file_limit(void)
{
    uint64_t limit = size_limit / DP_STREAM_SHARE;
    if (limit > 64u << 20)
        limit = 64u << 20;
    return limit < packet_limit ? packet_limit : limit;
}

static struct dp_segment *find_segment(uint32_t lane, uint32_t number)
{
    for (uint32_t i = n_segments; i-- > 0;) {
        struct dp_segment *segment = &segments[(first_segment + i) % MAX_SEGMENTS];
        if (segment->lane == lane && segment->number == number)
            return segment;
    }
    return NULL;
}

void dp_segments_add(uint32_t lane, uint32_t number)
{
    struct dp_os_signals saved;
    dp_lock_take(&segments_lock, &saved);
    if (n_segments < MAX_SEGMENTS && segments)
        segments[(first_segment + n_segments++) % MAX_SEGMENTS] =
            (struct dp_segment){.lane = lane, .number = number};
    dp_lock_give(&segments_lock, &saved);
}

void dp_segments_note(uint32_t lane, uint32_t number, int64_t bytes, int64_t records, bool closed)
{
    atomic_fetch_add_explicit(&bytes_on_disk, (uint64_t)bytes, memory_order_relaxed);
    if (lane == DP_RUNTIME_LANE)
        atomic_fetch_add_explicit(&process_bytes, (uint64_t)bytes, memory_order_relaxed);
    struct dp_os_signals saved;
    dp_lock_take(&segments_lock, &saved);
    struct dp_segment *segment = find_segment(lane, number);
    if (segment) {
        segment->bytes += (uint64_t)bytes;
        segment->records += (uint64_t)records;
        segment->closed = closed;
    }
    dp_lock_give(&segments_lock, &saved);
}

struct dp_segment dp_segments_find(uint32_t lane, uint32_t number)
{
    struct dp_os_signals saved;
    dp_lock_take(&segments_lock, &saved);
    const struct dp_segment *found = find_segment(lane, number);
    struct dp_segment segment = found ? *found : (struct dp_segment){0};
    dp_lock_give(&segments_lock, &saved);
    return segment;
}

/* Removes the oldest closed segment; false if there is none. */
static bool remove_oldest(void)
{
    struct dp_os_signals saved;
    bool found = false;
    struct dp_segment victim = {0};
    dp_lock_take(&segments_lock, &saved);
    for (uint32_t i = 0; i < n_segments && !found; i++) {
        struct dp_segment *segment = &segments[(first_segment + i) % MAX_SEGMENTS];
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
    dp_segment_name(name, victim.lane, victim.number);
    dp_directory_unlink(name);
    atomic_fetch_sub_explicit(&bytes_on_disk, victim.bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&overwritten, victim.records, memory_order_relaxed);
    return true;
}

/* The process's stream gets a share of its own: it is small, and says what was lost. */
static uint64_t reserved_bytes(void)
{
    uint64_t share = size_limit / DP_STREAM_PROCESS_SHARE;
    uint64_t used = atomic_load_explicit(&process_bytes, memory_order_relaxed);
    return share > used ? share - used : 0;
}

/* Threads ask at the same time: each first adds what it wants, then looks whether all of that
 * still fits. */
static bool promise(uint64_t bytes)
{
    uint64_t all = atomic_fetch_add(&promised, bytes) + bytes;
    if (dp_segments_bytes() + reserved_bytes() + all <= size_limit)
        return true;
    dp_segments_end_promise(bytes);
    return false;
}

enum dp_segments_room dp_segments_make_room(uint64_t bytes)
{
    while (!promise(bytes)) {
        if (!keep_newest)
            return DP_SEGMENTS_FULL;
        if (!remove_oldest())
            return DP_SEGMENTS_ALL_OPEN;
    }
    return DP_SEGMENTS_ROOM;
}

void dp_segments_end_promise(uint64_t bytes)
{
    atomic_fetch_sub(&promised, bytes);
}
