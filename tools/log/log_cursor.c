/* See log_cursor.h. */
#include "log_cursor.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"

void dp_cursor_start(struct dp_cursor *cursor, struct dp_log *log, int64_t lane)
{
    *cursor = (struct dp_cursor){.log = log, .lane = lane, .stream = SIZE_MAX};
}

void dp_cursor_refresh(struct dp_cursor *cursor)
{
    if (cursor->stream == SIZE_MAX)
        return;
    /* When its file is gone, what is mapped can still be read. */
    cursor->stream = cursor->log->n_streams;
    for (size_t i = 0; i < cursor->log->n_streams; i++)
        if (cursor->log->streams[i].lane == cursor->lane &&
            cursor->log->streams[i].segment == cursor->segment)
            cursor->stream = i;
}

void dp_cursor_finish(struct dp_cursor *cursor)
{
    dp_map_close(&cursor->map);
}

uint64_t dp_cursor_position(const struct dp_cursor *cursor)
{
    return cursor->read_bytes + cursor->at;
}

static const char *file_name(const struct dp_cursor *cursor)
{
    return cursor->stream < cursor->log->n_streams ? cursor->log->streams[cursor->stream].name
                                                   : "stream";
}

static void note(struct dp_cursor *cursor, uint64_t offset, uint64_t bytes, const char *reason)
{
    if (offset < cursor->damaged_to)
        return;
    cursor->damaged_to = offset + 1;
    dp_damage_note(&cursor->damage, bytes, "%s, byte %llu: %s", file_name(cursor),
                   (unsigned long long)offset, reason);
}

/* The committed part of the current packet, as it is now. */
static void load_content(struct dp_cursor *cursor)
{
    struct dp_packet_view view;

    dp_packet_look(cursor->log, &cursor->map, cursor->packet, &view);
    if (view.state != DP_PACKET_DATA || view.bytes != cursor->packet_bytes)
        return;
    uint64_t end = cursor->packet + view.content_bytes;
    if (end > cursor->map.size) {
        note(cursor, cursor->map.size, end - cursor->map.size, "the file is cut");
        end = cursor->map.size;
    }
    cursor->end = end;
}

static void enter_packet(struct dp_cursor *cursor, uint64_t offset,
                         const struct dp_packet_view *view)
{
    dp_map_read_past(&cursor->map, offset);
    cursor->packet = offset;
    cursor->packet_bytes = view->bytes;
    cursor->at = offset + sizeof(struct dp_packet);
    cursor->end = cursor->at;
    cursor->broken = false;
    cursor->time_ns = view->header.timestamp_begin;
    cursor->discarded = view->header.events_discarded;
    cursor->tid = view->header.tid;
    memcpy(cursor->thread_name, view->header.thread_name, sizeof view->header.thread_name);
    if (!cursor->log->has_uuid) {
        memcpy(cursor->log->uuid, view->header.uuid, sizeof cursor->log->uuid);
        cursor->log->has_uuid = true;
    }
    load_content(cursor);
}

static bool more_here(const struct dp_cursor *cursor)
{
    return !cursor->broken &&
           cursor->packet + dp_record_align(cursor->at - cursor->packet) < cursor->end;
}

/* Damage that continues the bad bytes before it (`goes_on`) is not another place. */
static void note_bad(struct dp_cursor *cursor, uint64_t offset, uint64_t bytes, bool goes_on,
                     const char *reason)
{
    if (!goes_on) {
        note(cursor, offset, bytes, reason);
    } else if (offset >= cursor->damaged_to) {
        cursor->damage.bytes += bytes;
        cursor->damaged_to = offset + 1;
    }
}

/* The next packet with data in this file, from `offset` on. */
static bool find_packet(struct dp_cursor *cursor, uint64_t offset)
{
    struct dp_packet_view view;
    bool bad = false;

    for (;;) {
        dp_packet_look(cursor->log, &cursor->map, offset, &view);
        if (view.state == DP_PACKET_DATA) {
            /* The writer entered this packet after its last commit to the one
             * before: that commit is visible now. */
            load_content(cursor);
            if (!more_here(cursor))
                enter_packet(cursor, offset, &view);
            return true;
        }
        uint64_t left = offset < cursor->map.size ? cursor->map.size - offset : 0;
        if (view.state == DP_PACKET_NONE) {
            if (left > 0 && !view.zero)
                note_bad(cursor, offset, left, bad, "the file is cut");
            return false;
        }
        uint64_t step = dp_packet_step(&view, cursor->packet_bytes);
        if (view.state == DP_PACKET_BAD)
            note_bad(cursor, offset, step < left ? step : left, bad, view.reason);
        bad = view.state == DP_PACKET_BAD;
        if (step > left)
            return false;
        offset += step;
    }
}

static int map_stream(const struct dp_cursor *cursor, size_t index, struct dp_map *map)
{
    char *path = dp_join(cursor->log->path, cursor->log->streams[index].name);
    int error = dp_map_open(map, path);

    free(path);
    return error;
}

/* Maps the current file again, as long as it is now. False: it has no more data. */
static bool look_again(struct dp_cursor *cursor)
{
    struct dp_map map;

    if (cursor->stream >= cursor->log->n_streams || map_stream(cursor, cursor->stream, &map) < 0)
        return false;
    dp_map_close(&cursor->map);
    cursor->map = map;
    load_content(cursor);
    return more_here(cursor) || find_packet(cursor, cursor->packet + cursor->packet_bytes);
}

/* A cursor that stands at the first data of log->streams[index], if any. */
static bool probe(const struct dp_cursor *cursor, size_t index, struct dp_cursor *there)
{
    dp_cursor_start(there, cursor->log, cursor->lane);
    there->stream = index;
    there->segment = cursor->log->streams[index].segment;
    int error = map_stream(cursor, index, &there->map);
    /* -ENOENT: a flight recorder has deleted its oldest segment. */
    if (error < 0 && error != -ENOENT)
        dp_damage_note(&there->damage, 0, "%s: %s", file_name(there), strerror(-error));
    return error == 0 && find_packet(there, 0);
}

/* The first later segment that has data; the writer prepares them ahead. */
static bool next_segment(struct dp_cursor *cursor)
{
    for (size_t i = 0; i < cursor->log->n_streams; i++) {
        const struct dp_stream_file *file = &cursor->log->streams[i];
        struct dp_cursor there;
        if (file->lane != cursor->lane ||
            (cursor->stream != SIZE_MAX && file->segment <= cursor->segment))
            continue;
        bool found = probe(cursor, i, &there);
        if (file->segment >= cursor->probed) {
            dp_damage_add(&cursor->damage, &there.damage);
            cursor->probed = file->segment + 1;
        }
        there.damage = cursor->damage;
        there.probed = cursor->probed;
        there.read_bytes = cursor->read_bytes + cursor->map.size;
        if (!found || look_again(cursor)) {
            dp_map_close(&there.map);
            if (found)
                return true;
            continue;
        }
        dp_map_close(&cursor->map);
        *cursor = there;
        return true;
    }
    return false;
}

static bool advance(struct dp_cursor *cursor)
{
    if (cursor->packet_bytes > 0) {
        load_content(cursor);
        if (more_here(cursor) || find_packet(cursor, cursor->packet + cursor->packet_bytes))
            return true;
    }
    return next_segment(cursor);
}

static bool read_here(struct dp_cursor *cursor, struct dp_record *record)
{
    uint64_t at = cursor->packet + dp_record_align(cursor->at - cursor->packet);

    if (cursor->broken || at >= cursor->end)
        return false;
    uint32_t length =
        dp_record_decode(cursor->map.bytes + at, cursor->end - at, &cursor->time_ns, record);
    if (length == 0) {
        cursor->broken = true;
        note(cursor, at, cursor->end - at, "no whole record here");
        return false;
    }
    cursor->at = at + length;
    record->tid = cursor->tid;
    record->lane = cursor->lane;
    record->thread_name = cursor->thread_name;
    return true;
}

bool dp_cursor_next(struct dp_cursor *cursor, struct dp_record *record)
{
    bool again = false;

    while (!read_here(cursor, record)) {
        if (advance(cursor))
            continue;
        if (again || !look_again(cursor))
            return false;
        again = true;
    }
    return true;
}
