/* See log_cursor.h. */
#include "log_cursor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MOST_LISTS 50 /* of the log's streams, in search of one that is there */

void dp_cursor_start(struct dp_cursor *cursor, struct dp_log *log, int64_t lane)
{
    *cursor = (struct dp_cursor){.log = log, .lane = lane};
}

/* The index of the first stream, in the sorted list, that does not come before this one. */
static size_t first_from(const struct dp_log *log, int64_t lane, uint64_t segment)
{
    size_t low = 0, high = log->n_streams;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct dp_stream_file *file = &log->streams[middle];
        if (file->lane < lane || (file->lane == lane && file->segment < segment))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void dp_cursor_finish(struct dp_cursor *cursor)
{
    dp_file_close(cursor->file);
    dp_window_finish(&cursor->window);
}

uint64_t dp_cursor_position(const struct dp_cursor *cursor)
{
    return cursor->read_bytes + cursor->at;
}

static void note(struct dp_cursor *cursor, uint64_t offset, uint64_t bytes, const char *reason)
{
    if (offset < cursor->damaged_to)
        return;
    cursor->damaged_to = offset + 1;
    dp_damage_note(&cursor->damage, bytes, "%s, byte %llu: %s", cursor->name,
                   (unsigned long long)offset, reason);
}

/* Reads again how much of the current packet is committed. The writer may have shortened the
 * packet meanwhile, but never below what is committed. */
static void load_content(struct dp_cursor *cursor)
{
    struct dp_packet_view view;

    dp_packet_look(cursor->log, cursor->file, cursor->packet, &view);
    if (view.state != DP_PACKET_DATA || view.bytes > cursor->packet_bytes)
        return;
    cursor->packet_bytes = view.bytes;
    uint64_t end = cursor->packet + view.content_bytes, size = dp_file_size(cursor->file);
    if (end > size) {
        note(cursor, size, end - size, "the file is cut");
        end = size;
    }
    cursor->end = end;
}

static void enter_packet(struct dp_cursor *cursor, uint64_t offset)
{
    struct dp_packet_view view;

    /* Reads the header again: the first read may have seen only a part of a new header. */
    dp_packet_look(cursor->log, cursor->file, offset, &view);
    cursor->packet = offset;
    cursor->packet_bytes = view.bytes;
    cursor->at = offset + sizeof(struct dp_packet);
    cursor->end = cursor->at;
    cursor->broken = false;
    cursor->time_ns = view.header.timestamp_begin;
    cursor->discarded = view.header.events_discarded;
    cursor->tid = view.header.tid;
    memcpy(cursor->thread_name, view.header.thread_name, sizeof view.header.thread_name);
    if (!cursor->log->has_uuid) {
        memcpy(cursor->log->uuid, view.header.uuid, sizeof cursor->log->uuid);
        cursor->log->has_uuid = true;
    }
    load_content(cursor);
}

static bool more_here(const struct dp_cursor *cursor)
{
    return !cursor->broken &&
           cursor->packet + dp_record_align(cursor->at - cursor->packet) < cursor->end;
}

/* From one packet of a file to the next with data. */
struct walk {
    uint64_t offset;
    uint64_t before; /* the last packet that was passed over, and its size; */
    uint64_t before_bytes; /* 0: none */
    bool bad;          /* no packet was at the offset before */
    bool blank;        /* a place without a header was passed over; */
    uint64_t blank_at; /* the first one behind the packet before */
};

/* A range without packets counts as one damaged place, however long it is. */
static void note_bad(struct dp_cursor *cursor, const struct walk *walk, uint64_t step,
                     const char *reason)
{
    uint64_t size = dp_file_size(cursor->file);
    uint64_t left = walk->offset < size ? size - walk->offset : 0;
    uint64_t bytes = step < left ? step : left;

    if (!walk->bad) {
        note(cursor, walk->offset, bytes, reason);
    } else if (walk->offset >= cursor->damaged_to) {
        cursor->damage.bytes += bytes;
        cursor->damaged_to = walk->offset + 1;
    }
}

/* There is nothing more to read at walk->offset. */
static void note_end(struct dp_cursor *cursor, const struct walk *walk,
                     const struct dp_packet_view *view)
{
    uint64_t size = dp_file_size(cursor->file);
    uint64_t left = walk->offset < size ? size - walk->offset : 0;

    if (size > cursor->log->most_file_bytes)
        note(cursor, cursor->log->most_file_bytes, size - cursor->log->most_file_bytes,
             "the file is larger than the whole log may be");
    else if (view->error && view->error != -ENOENT)
        note(cursor, walk->offset, left, strerror(-view->error));
    else if (left > 0 && !view->zero)
        note_bad(cursor, walk, left, "the file is cut");
}

/*
 * Something is at walk->offset, and the current packet was looked at after it. Did the
 * walk get there by a size that the writer has changed since, or over an empty packet
 * that has data by now? The writer shortens a thread's last packet and begins the next
 * one at its new end; it stores the size before. So when the packet before still has its
 * size, what was found stands where a packet begins. Or did the walk pass over a place whose
 * packet was not begun yet, and is now inside that packet or behind it?
 */
static bool went_astray(const struct dp_cursor *cursor, const struct walk *walk)
{
    struct dp_packet_view view;

    if (walk->blank) {
        dp_packet_look(cursor->log, cursor->file, walk->blank_at, &view);
        if (view.bytes > 0)
            return true;
    }
    if (walk->before_bytes == 0)
        return false;
    if (cursor->packet_bytes > 0 && walk->before == cursor->packet)
        return cursor->packet_bytes != walk->before_bytes;
    dp_packet_look(cursor->log, cursor->file, walk->before, &view);
    return view.state == DP_PACKET_DATA || (view.bytes > 0 && view.bytes < walk->before_bytes);
}

static void walk_on(struct dp_cursor *cursor, struct walk *walk, const struct dp_packet_view *view)
{
    uint64_t step =
        dp_packet_step(cursor->file, walk->offset, view, cursor->packet_bytes);

    if (view->state == DP_PACKET_BAD)
        note_bad(cursor, walk, step, view->reason);
    walk->bad = view->state == DP_PACKET_BAD;
    if (view->bytes) {
        walk->before = walk->offset;
        walk->before_bytes = view->bytes;
        walk->blank = false;
    } else if (view->state == DP_PACKET_EMPTY && !walk->blank) {
        walk->blank = true;
        walk->blank_at = walk->offset;
    }
    walk->offset += step;
}

static struct walk walk_from(const struct dp_cursor *cursor)
{
    return (struct walk){.offset = cursor->packet + cursor->packet_bytes,
                         .before = cursor->packet,
                         .before_bytes = cursor->packet_bytes};
}

/* Moves to more data in this file: in the current packet, or in the next one with data. */
static bool find_packet(struct dp_cursor *cursor)
{
    struct walk walk = walk_from(cursor);
    struct dp_packet_view view;

    for (;;) {
        dp_packet_look(cursor->log, cursor->file, walk.offset, &view);
        if (view.state == DP_PACKET_NONE || walk.offset >= cursor->log->most_file_bytes) {
            note_end(cursor, &walk, &view);
            return false;
        }
        if (view.state != DP_PACKET_EMPTY) {
            /* The writer has begun the next packet after its last commit to the previous
             * one, so everything it has written to that one is visible now. */
            if (cursor->packet_bytes > 0)
                load_content(cursor);
            if (more_here(cursor))
                return true;
            if (went_astray(cursor, &walk)) {
                walk = walk_from(cursor);
                continue;
            }
        }
        if (view.state == DP_PACKET_DATA) {
            enter_packet(cursor, walk.offset);
            return true;
        }
        walk_on(cursor, &walk, &view);
    }
}

/* More data in the file being read, as it is now. */
static bool goes_on(struct dp_cursor *cursor)
{
    if (!cursor->file)
        return false;
    if (cursor->packet_bytes > 0)
        load_content(cursor);
    return more_here(cursor) || find_packet(cursor);
}

static int open_stream(struct dp_cursor *cursor)
{
    char *path = dp_join(cursor->log->path, cursor->name);
    int error = dp_file_open(&cursor->file, path);

    free(path);
    return error;
}

/* A cursor that stands at the first data of log->streams[index], if any. */
static bool probe(const struct dp_cursor *cursor, size_t index, struct dp_cursor *there)
{
    const struct dp_stream_file *file = &cursor->log->streams[index];

    dp_cursor_start(there, cursor->log, cursor->lane);
    snprintf(there->name, sizeof there->name, "%s", file->name);
    there->segment = file->segment;
    if (file->again) {
        dp_damage_note(&there->damage, 0, "%s: the same file as a stream before it", file->name);
        return false;
    }
    int error = open_stream(there);
    /* The oldest segments of a flight recorder. */
    there->gone = error == -ENOENT;
    if (error < 0 && !there->gone)
        dp_damage_note(&there->damage, 0, "%s: %s", file->name, strerror(-error));
    return error == 0 && find_packet(there);
}

/* The first later segment that has data; the writer prepares them ahead. */
static bool find_segment(struct dp_cursor *cursor)
{
    const struct dp_log *log = cursor->log;
    size_t i = first_from(log, cursor->lane, *cursor->name ? cursor->segment + 1 : 0);

    for (; i < log->n_streams && log->streams[i].lane == cursor->lane; i++) {
        struct dp_cursor there;
        bool found = probe(cursor, i, &there);
        cursor->gone |= there.gone;
        if (there.segment >= cursor->probed) {
            dp_damage_add(&cursor->damage, &there.damage);
            cursor->probed = there.segment + 1;
        }
        /* The writer left this segment before it began that one. */
        if (!found || goes_on(cursor)) {
            dp_cursor_finish(&there);
            if (found)
                return true;
            continue;
        }
        there.damage = cursor->damage;
        there.probed = cursor->probed;
        there.read_bytes =
            cursor->read_bytes + (cursor->file ? dp_file_size(cursor->file) : 0);
        dp_cursor_finish(cursor);
        *cursor = there;
        return true;
    }
    return false;
}

/* The same. A cursor that has begun to read ignores segments that the writer began later:
 * otherwise it might never end. */
static bool next_segment(struct dp_cursor *cursor)
{
    for (int lists = 0; lists < MOST_LISTS; lists++) {
        cursor->gone = false;
        if (find_segment(cursor))
            return true;
        if (*cursor->name || !cursor->gone)
            return false;
        dp_log_refresh(cursor->log);
    }
    return false;
}

/* Reads the next record in the committed part of the packet; false: nothing readable is
 * left. */
static __attribute__((noinline)) bool load_window(struct dp_cursor *cursor, uint64_t at)
{
    int error;

    if (dp_window_load(&cursor->window, cursor->file, at, cursor->end, &error))
        return true;
    cursor->broken = true;
    if (error != -ENOENT)
        note(cursor, at, cursor->end - at, error ? strerror(-error) : "no whole record here");
    return false;
}

/* The record at `at` when the window holds all of it: its length, else 0. */
static inline uint32_t decode(struct dp_cursor *cursor, uint64_t at, struct dp_record *record)
{
    const struct dp_window *window = &cursor->window;

    if (at - window->from >= window->to - window->from)
        return 0;
    return dp_record_decode(window->bytes + (at - window->from), window->to - at,
                            &cursor->time_ns, record);
}

static bool read_here(struct dp_cursor *cursor, struct dp_record *record)
{
    uint64_t at = cursor->packet + dp_record_align(cursor->at - cursor->packet);
    uint32_t length;

    if (cursor->broken || at >= cursor->end)
        return false;
    while ((length = decode(cursor, at, record)) == 0)
        if (!load_window(cursor, at))
            return false;
    cursor->at = at + length;
    record->tid = cursor->tid;
    record->lane = cursor->lane;
    record->thread_name = cursor->thread_name;
    return true;
}

bool dp_cursor_next(struct dp_cursor *cursor, struct dp_record *record)
{
    while (!read_here(cursor, record))
        if (!goes_on(cursor) && !next_segment(cursor))
            return false;
    return true;
}
