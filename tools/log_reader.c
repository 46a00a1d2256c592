/* See log_reader.h. */
#include "log_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Packets start at multiples of it. */
#define PAGE UINT64_C(4096)

/* What a payload looks like: bytes of fixed fields, then texts. */
struct shape {
    const char *name;
    uint16_t bytes;
    uint16_t texts;
};

static const struct shape shapes[DP_ID_EXTENDED] = {
    [DP_EVENT_ID_call] = {"call", 4, 0},
    [DP_EVENT_ID_production] = {"production", 4, 0},
#define DP_EVENT(id, name) [id] = {#name, sizeof(struct dp_event_##name), 0
#define DP_FIELD(type, name)
#define DP_TEXT(name) +1
#define DP_EVENT_END(name)                                                                         \
    }                                                                                              \
    ,
#include <deep_profile/events.def>
};

const char *dp_record_name(uint32_t id)
{
    return id < DP_ID_EXTENDED ? shapes[id].name : NULL;
}

void dp_damage_note(struct dp_damage *damage, uint64_t bytes, const char *format, ...)
{
    damage->bytes += bytes;
    if (damage->places++ > 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(damage->first.text, sizeof damage->first.text, format, arguments);
    va_end(arguments);
}

/* ---- a log ---- */

/* `key = NUMBER;` in our own metadata. */
static bool metadata_number(const char *text, const char *key, uint64_t *number)
{
    const char *found = strstr(text, key);
    char *end;

    if (!found)
        return false;
    errno = 0;
    *number = strtoull(found + strlen(key), &end, 10);
    return errno == 0 && end != found + strlen(key) && *end == ';';
}

static bool metadata_uuid(const char *text, uint8_t uuid[16])
{
    const char *found = strstr(text, "    uuid = \"");
    unsigned byte;

    if (!found)
        return false;
    found += strlen("    uuid = \"");
    for (int i = 0; i < 16; i++) {
        found += *found == '-';
        if (sscanf(found, "%2x", &byte) != 1)
            return false;
        uuid[i] = (uint8_t)byte;
        found += 2;
    }
    return *found == '"';
}

/* A literal as dp_metadata_literal() writes it. */
static void metadata_string(const char *text, const char *key, char *value, size_t size)
{
    const char *found = strstr(text, key);
    size_t n = 0;

    *value = '\0';
    if (!found)
        return;
    for (found += strlen(key); *found && *found != '"' && n + 1 < size; n++) {
        if (found[0] == '\\' && found[1] && found[2] && found[3]) {
            value[n] = (char)((found[1] - '0') << 6 | (found[2] - '0') << 3 | (found[3] - '0'));
            found += 4;
        } else {
            value[n] = *found++;
        }
    }
    value[n] = '\0';
}

/* 0, or an exit status. Not whole enough: has_metadata stays false. */
static int read_metadata(struct dp_log *log, struct dp_problem *problem)
{
    char *path = dp_join(log->path, "metadata");
    struct dp_map map;
    uint64_t version = 0, pid = 0;
    int error = dp_map_open(&map, path);

    if (error < 0 && error != -ENOENT) {
        dp_problem_set(problem, "cannot open '%s': %s", path, strerror(-error));
        free(path);
        return DP_EXIT_DATA;
    }
    free(path);
    /* A copy: a mapped file has no NUL at its end. Ours have a few kilobytes. */
    char text[65536];
    size_t length = map.size < sizeof text - 1 ? map.size : sizeof text - 1;
    if (length > 0)
        memcpy(text, map.bytes, length);
    text[length] = '\0';
    dp_map_close(&map);
    if (metadata_number(text, "    log_version = ", &version) && version != DP_LOG_VERSION) {
        dp_problem_set(problem,
                       "'%s' was written by log version %llu; this deep-profile reads version %d",
                       log->path, (unsigned long long)version, DP_LOG_VERSION);
        return DP_EXIT_DATA;
    }
    log->has_uuid = metadata_uuid(text, log->uuid);
    log->has_metadata = version == DP_LOG_VERSION && log->has_uuid &&
                        metadata_number(text, "    pid = ", &pid) &&
                        metadata_number(text, "    offset = ", &log->realtime_offset_ns);
    log->pid = (uint32_t)pid;
    metadata_string(text, "    program = \"", log->program, sizeof log->program);
    return DP_EXIT_OK;
}

int dp_log_open(struct dp_log *log, const char *path, struct dp_problem *problem)
{
    *log = (struct dp_log){.path = dp_copy(path)};
    int error = dp_streams_list(path, &log->streams, &log->n_streams);

    if (error < 0) {
        dp_problem_set(problem, "cannot open '%s': %s", path, strerror(-error));
        dp_log_close(log);
        return DP_EXIT_DATA;
    }
    int status = read_metadata(log, problem);
    if (status != DP_EXIT_OK)
        dp_log_close(log);
    return status;
}

void dp_log_close(struct dp_log *log)
{
    dp_streams_free(log->streams, log->n_streams);
    free(log->path);
    *log = (struct dp_log){0};
}

void dp_log_refresh(struct dp_log *log)
{
    struct dp_stream_file *streams;
    size_t n_streams;

    if (dp_streams_list(log->path, &streams, &n_streams) < 0)
        return;
    dp_streams_free(log->streams, log->n_streams);
    log->streams = streams;
    log->n_streams = n_streams;
}

/* ---- records ---- */

static inline uint32_t load_32(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t load_64(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/*
 * The record at bytes[0, left): its id, payload and the time that follows
 * *time_ns. Returns its length, 0 when there is no complete record.
 */
static inline uint32_t decode(const uint8_t *bytes, uint64_t left, uint64_t *time_ns,
                              struct dp_record *record)
{
    uint32_t header = sizeof(uint32_t);

    if (left < header)
        return 0;
    uint32_t word = load_32(bytes);
    uint32_t id = word & ((1u << DP_ID_BITS) - 1);
    uint64_t time = (*time_ns & ~(uint64_t)DP_TIME_MASK) | word >> DP_ID_BITS;
    if (id == DP_ID_EXTENDED) {
        header = sizeof(struct dp_wide_header);
        if (left < header || word >> DP_ID_BITS != 0)
            return 0;
        id = load_32(bytes + offsetof(struct dp_wide_header, id));
        time = load_64(bytes + offsetof(struct dp_wide_header, time_ns));
        if (id >= DP_ID_EXTENDED)
            return 0;
    } else if (time < *time_ns) {
        time += UINT64_C(1) << DP_TIME_BITS;
    }
    uint64_t length = shapes[id].bytes;
    if (length == 0 || length > left - header)
        return 0;
    for (unsigned i = 0; i < shapes[id].texts; i++) {
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

const char *dp_record_text(const struct dp_record *record, unsigned n)
{
    if (record->id >= DP_ID_EXTENDED || n >= shapes[record->id].texts)
        return "";
    const char *text = (const char *)record->payload + shapes[record->id].bytes;
    while (n-- > 0)
        text += strlen(text) + 1;
    return text;
}

/* ---- packets ---- */

static bool all_zero(const uint8_t *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static const char *header_problem(const struct dp_log *log, const struct dp_packet *header)
{
    uint64_t size = header->packet_size_bits, content = header->content_size_bits;

    if (header->magic != DP_PACKET_MAGIC)
        return "no packet starts here";
    if (log->has_uuid && memcmp(header->uuid, log->uuid, sizeof log->uuid) != 0)
        return "packet of another log";
    if (header->stream_class != 0)
        return "packet of an unknown stream class";
    if (size % 8 != 0 || size / 8 < sizeof *header || size / 8 > DP_PACKET_MAX_BYTES ||
        content % 8 != 0 || content > size)
        return "packet with impossible sizes";
    return NULL;
}

void dp_packet_look(const struct dp_log *log, const struct dp_map *map, uint64_t offset,
                    struct dp_packet_view *view)
{
    *view = (struct dp_packet_view){.state = DP_PACKET_NONE};
    if (offset >= map->size)
        return;
    uint64_t left = map->size - offset;
    if (left < sizeof view->header) {
        view->zero = all_zero(map->bytes + offset, left);
        return;
    }
    memcpy(&view->header, map->bytes + offset, sizeof view->header);
    /* Pairs with the writer's release store of content_size_bits. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (all_zero((const uint8_t *)&view->header, sizeof view->header)) {
        view->state = DP_PACKET_EMPTY;
        view->zero = true;
        return;
    }
    view->reason = header_problem(log, &view->header);
    if (view->reason) {
        view->state = DP_PACKET_BAD;
        return;
    }
    view->bytes = view->header.packet_size_bits / 8;
    view->content_bytes = view->header.content_size_bits / 8;
    view->state = view->content_bytes > sizeof view->header ? DP_PACKET_DATA : DP_PACKET_EMPTY;
}

uint64_t dp_packet_step(const struct dp_packet_view *view, uint64_t fellows)
{
    if (view->bytes)
        return view->bytes;
    return view->state == DP_PACKET_BAD || fellows == 0 ? PAGE : fellows;
}

static uint64_t align_record(uint64_t offset)
{
    return (offset + DP_RECORD_ALIGN - 1) & ~(uint64_t)(DP_RECORD_ALIGN - 1);
}

uint64_t dp_packet_whole(const struct dp_map *map, uint64_t offset, uint64_t content_bytes,
                         uint64_t *last_ns)
{
    uint64_t whole = sizeof(struct dp_packet);

    *last_ns = load_64(map->bytes + offset + offsetof(struct dp_packet, timestamp_begin));
    for (;;) {
        struct dp_record record;
        uint64_t at = align_record(whole);
        if (at >= content_bytes)
            return whole;
        uint32_t length = decode(map->bytes + offset + at, content_bytes - at, last_ns, &record);
        if (length == 0)
            return whole;
        whole = at + length;
    }
}

/* ---- cursors ---- */

void dp_cursor_start(struct dp_cursor *cursor, struct dp_log *log, int64_t lane)
{
    *cursor = (struct dp_cursor){.log = log, .lane = lane, .stream = SIZE_MAX};
}

void dp_cursor_refresh(struct dp_cursor *cursor)
{
    if (cursor->stream == SIZE_MAX)
        return;
    /* Not there any more: what is mapped can still be read. */
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
           cursor->packet + align_record(cursor->at - cursor->packet) < cursor->end;
}

/* A stretch without packets is one place, however long. */
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
            /* The writer went on here after its last commit to the packet
             * before: what that was is visible now. */
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

/* The file being read, as long as it is now. False when nothing came. */
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
    /* Gone: the oldest segments of a flight recorder. */
    if (error < 0 && error != -ENOENT)
        dp_damage_note(&there->damage, 0, "%s: %s", file_name(there), strerror(-error));
    return error == 0 && find_packet(there, 0);
}

void dp_damage_add(struct dp_damage *to, const struct dp_damage *from)
{
    if (to->places == 0)
        to->first = from->first;
    to->places += from->places;
    to->bytes += from->bytes;
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
    uint64_t at = cursor->packet + align_record(cursor->at - cursor->packet);

    if (cursor->broken || at >= cursor->end)
        return false;
    uint32_t length = decode(cursor->map.bytes + at, cursor->end - at, &cursor->time_ns, record);
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
