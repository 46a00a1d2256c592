/* See sink.h. */
#include "sink.h"

#include <errno.h>
#include <string.h>

#include "common/event_json.h"
#include "common/place.h"
#include "common/record.h"
#include "log/directory.h"
#include "thread/count_slots.h"
#include "base/os.h"
#include "base/clock.h"
#include "base/facts.h"
#include "log/process_log.h"
#include "sites/sites.h"
#include "log/segments.h"
#include "telemetry/handlers.h"

/* A record is smaller: a few strings of 4096 bytes each, or 255 addresses. */
#define IN_BYTES 65536
#define SLICE_NS 300000 /* between two ticks: the tick must not be late */
#define OUT_BYTES 65536
#define FINISH_NS UINT64_C(2000000000) /* exit() does not wait longer for the rest */

/* How far a stream has been read. */
struct cursor {
    uint32_t segment;
    uint64_t packet;   /* offset of the packet in the segment */
    uint32_t position; /* of the next record in the packet; 0: header not read */
    uint64_t time_ns;
    uint64_t sequence;
    uint64_t records; /* read so far, in all segments */
    uint32_t tid;
    char thread_name[16];
};

static char sink_path[DP_PATH_MAX];
static bool refused_place, shared_place; /* see common/place.h */
static bool ready; /* it has memory to read into */
static bool feeding;
static struct cursor *cursors; /* DP_MAX_LANES + 1; the last one is the process's stream */
static char *in, *out;
static struct dp_text lines;
static uint64_t deadline_ns;
static uint32_t next_lane; /* lane that the next slice begins with */

/* The folders only; open_append() checks the file itself. */
static void look_at_place(void)
{
    struct dp_place_walk walk = {.self = dp_os_user()};
    enum dp_place_fault fault;
    size_t length;
    dp_place_above(sink_path, &walk, NULL, dp_os_look, &fault, &length);
    refused_place = fault != DP_PLACE_FINE && fault != DP_PLACE_OPEN_TO_GROUP;
    shared_place = walk.shared;
}

static void make_ready(void)
{
    if (cursors)
        memset(cursors, 0, (DP_MAX_LANES + 1) * sizeof *cursors);
    else
        cursors = dp_os_map_memory((DP_MAX_LANES + 1) * sizeof *cursors);
    in = in ? in : dp_os_map_memory(IN_BYTES);
    out = out ? out : dp_os_map_memory(OUT_BYTES);
    ready = cursors && in && out;
    lines = (struct dp_text){out, OUT_BYTES, 0};
}

/* Handlers came while there was no file to write. What was recorded before is not for them, so
 * that full segments are left out. */
static void make_ready_for_handlers(void)
{
    uint32_t count = dp_lanes_count();
    make_ready();
    if (!ready)
        return;
    for (uint32_t i = 0; i < count; i++)
        cursors[i].segment = __atomic_load_n(&dp_lane_at(i)->stream.segment, __ATOMIC_ACQUIRE);
    cursors[DP_MAX_LANES].segment = __atomic_load_n(&dp_log_stream()->segment, __ATOMIC_ACQUIRE);
}

void dp_sink_init(const char *path)
{
    size_t length = strlen(path);
    sink_path[0] = 0;
    ready = feeding = false;
    if (!length || length >= sizeof sink_path)
        return;
    memcpy(sink_path, path, length + 1);
    look_at_place();
    make_ready();
}

static uint64_t count_lines(void)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lines.length; i++)
        count += out[i] == '\n';
    return count;
}

static void flush(void)
{
    if (!lines.length)
        return;
    size_t written = 0;
    int fd = refused_place ? -EACCES : dp_os_open_append(sink_path, shared_place);
    while (fd >= 0 && written < lines.length) {
        int64_t got = dp_os_write(fd, out + written, lines.length - written);
        if (got == -EINTR)
            continue;
        if (got <= 0)
            break;
        written += (size_t)got;
    }
    if (fd >= 0)
        dp_os_close(fd);
    if (written < lines.length)
        dp_process_lost(DP_LOSS_SINK, count_lines());
    lines.length = 0;
}

/* Adds what the record stands for to `lines`, where that is room. Returns where it begins. */
static size_t add_to_lines(const struct dp_record_view *view)
{
    size_t start = lines.length;
    if (dp_event_json(&lines, view) >= 0)
        return start;
    flush();
    if (dp_event_json(&lines, view) < 0)
        dp_process_lost(DP_LOSS_SINK, 1);
    return 0;
}

/* To the handlers, and to the file where there is one. */
static void add_lines(const struct dp_record_view *view)
{
    size_t start = add_to_lines(view);
    if (lines.length > start && dp_handlers_any())
        dp_handlers_deliver(out + start, lines.length - start, view->time_ns);
    if (!sink_path[0])
        lines.length = 0;
}

static uint32_t attributes_present(const struct dp_site_state *site)
{
    uint32_t present = 0;
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++)
        present |= dp_site_options(site, a) ? 1u << a : 0;
    return present;
}

/* Finds the record's site and writes its lines. */
static void write_event(struct dp_record_view *view)
{
    uint64_t index = dp_event_number(view->id, view->payload, DP_IN_SITE);
    struct dp_options options;
    struct dp_options_error error;
    struct dp_record_site names;
    view->realtime_offset_ns = dp_process_facts()->realtime_offset_ns;
    view->pid = dp_process_facts()->pid;
    view->attribute = DP_ATTRIBUTE_COUNT;
    if (index && index <= dp_sites_count()) {
        const struct dp_site_state *site = &dp_sites[index];
        names = (struct dp_record_site){site->names.function, site->names.file, site->names.module,
                                        site->names.line};
        view->site = &names;
        view->attribute = dp_event_attribute(view->id, attributes_present(site));
        const char *text =
            view->attribute < DP_ATTRIBUTE_COUNT ? dp_site_options(site, view->attribute) : NULL;
        bool written = text && dp_options_parse((enum dp_attribute)view->attribute, text, &options,
                                                &error) == 0;
        dp_event_describe(view, view->attribute, written ? &options : NULL);
    }
    add_lines(view);
}

static bool out_of_time(void)
{
    return dp_now_ns() >= deadline_ns;
}

/* Writes the record at in[at]; returns its end, or 0 if it is cut. */
static size_t read_record(struct cursor *cursor, size_t at, size_t length)
{
    struct dp_record record;
    at = dp_record_align(at);
    uint32_t bytes = at < length ? dp_record_decode((const uint8_t *)in + at, length - at,
                                                    &cursor->time_ns, &record)
                                 : 0;
    if (!bytes)
        return 0;
    cursor->records++;
    struct dp_record_view view = {.id = record.id,
                                  .payload = record.payload,
                                  .payload_bytes = record.payload_bytes,
                                  .time_ns = record.time_ns,
                                  .tid = cursor->tid,
                                  .thread_name = cursor->thread_name};
    write_event(&view);
    return at + bytes;
}

/* Reads the committed part of the packet at the cursor; true if there was something new. */
static bool read_packet(struct cursor *cursor, int fd, uint64_t *packet_bytes)
{
    struct dp_packet header;
    if (dp_os_pread(fd, &header, sizeof header, cursor->packet) != sizeof header ||
        header.magic != DP_PACKET_MAGIC)
        return false;
    *packet_bytes = header.packet_size_bits / 8;
    if (cursor->position == 0) {
        cursor->position = sizeof header;
        cursor->time_ns = header.timestamp_begin;
        cursor->sequence = header.sequence;
        cursor->tid = header.tid;
        memcpy(cursor->thread_name, header.thread_name, sizeof cursor->thread_name);
    }
    uint32_t content = (uint32_t)(header.content_size_bits / 8);
    bool any = false;
    while (cursor->position < content && !out_of_time()) {
        size_t want = content - cursor->position;
        if (want > IN_BYTES)
            want = IN_BYTES;
        int64_t got = dp_os_pread(fd, in, want, cursor->packet + cursor->position);
        if (got <= 0)
            break;
        size_t at = 0, end;
        for (unsigned records = 1; (end = read_record(cursor, at, (size_t)got)) != 0; records++) {
            at = end;
            if (records % 64 == 0 && out_of_time())
                break;
        }
        if (at == 0)
            break;
        any = true;
        cursor->position += (uint32_t)dp_record_align(at);
    }
    return any;
}

/* The writer has left this packet, so nothing more comes into it. */
static bool writer_moved_on(const struct cursor *cursor, const struct dp_stream *stream)
{
    return __atomic_load_n(&stream->sequence, __ATOMIC_ACQUIRE) > cursor->sequence + 1;
}

static void next_segment(struct cursor *cursor)
{
    *cursor = (struct cursor){.segment = cursor->segment + 1, .records = cursor->records};
}

static void read_stream(struct cursor *cursor, const struct dp_stream *stream)
{
    char name[DP_SEGMENT_NAME];
    while (__atomic_load_n(&stream->open, __ATOMIC_ACQUIRE)) {
        dp_segment_name(name, stream->lane, cursor->segment);
        int fd = dp_directory_open_read(name);
        uint32_t newest = __atomic_load_n(&stream->segment, __ATOMIC_ACQUIRE);
        if (fd < 0) {
            if (cursor->segment >= newest)
                return;
            next_segment(cursor); /* the flight recorder has removed it */
            continue;
        }
        uint64_t bytes = 0;
        bool more = true;
        while (more) {
            bool moved_on = cursor->position && writer_moved_on(cursor, stream);
            read_packet(cursor, fd, &bytes);
            more = moved_on && bytes && !out_of_time();
            if (more) {
                cursor->packet += bytes;
                cursor->position = 0;
                bytes = 0;
                if (!read_packet(cursor, fd, &bytes) && cursor->position == 0)
                    break;
            }
        }
        dp_os_close(fd);
        if (cursor->position != 0 || cursor->segment >= newest || out_of_time())
            return;
        next_segment(cursor);
    }
}

static void feed(void)
{
    uint32_t count = dp_lanes_count();
    feeding = true;
    if (dp_handlers_any())
        dp_handlers_begin();
    read_stream(&cursors[DP_MAX_LANES], dp_log_stream());
    for (uint32_t i = 0; i < count && !out_of_time(); i++) {
        next_lane = next_lane + 1 < count ? next_lane + 1 : 0;
        read_stream(&cursors[next_lane], &dp_lane_at(next_lane)->stream);
    }
    flush();
    feeding = false;
}

static bool is_wanted(void)
{
    if (!ready && dp_handlers_any())
        make_ready_for_handlers();
    return ready && (sink_path[0] || dp_handlers_any());
}

bool dp_sink_feed(void)
{
    if (!is_wanted())
        return false;
    deadline_ns = dp_now_ns() + SLICE_NS;
    feed();
    return out_of_time();
}

/* Counts what could not be read as lost, including what a host that ends does not wait for:
 * a backlog, or a slow disk. */
static void count_rest(void)
{
    uint32_t count = dp_lanes_count();
    uint64_t rest = 0;
    if (!sink_path[0])
        return;
    for (uint32_t i = 0; i <= count; i++) {
        const struct dp_stream *stream = i < count ? &dp_lane_at(i)->stream : dp_log_stream();
        uint64_t records = stream->closed_records + stream->records;
        uint64_t read = cursors ? cursors[i < count ? i : DP_MAX_LANES].records : 0;
        rest += records > read ? records - read : 0;
    }
    if (rest)
        dp_process_lost(DP_LOSS_SINK, rest);
}

void dp_sink_finish(void)
{
    if (!is_wanted()) {
        if (sink_path[0])
            count_rest();
        return;
    }
    if (feeding) { /* a handler ends the process: where it was called from, records were read */
        flush();
        count_rest();
        return;
    }
    deadline_ns = dp_now_ns() + FINISH_NS;
    feed();
    feed(); /* what was not complete the first time */
    count_rest();
    uint32_t count = dp_lanes_count(), last = dp_count_slots();
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane_state *state = dp_lane_at(i)->state;
        for (uint32_t slot = 1; state && slot <= last; slot++) {
            uint32_t index = dp_count_slot_site(slot);
            struct dp_event_calls event = {
                .site = index,
                .tid = state->tid,
                .calls = DP_LANE_COUNTS(state)[slot] - DP_LANE_REPORTED(state)[slot]};
            if (!event.calls || !index)
                continue;
            struct dp_record_view view = {.id = DP_EVENT_ID_calls,
                                          .payload = &event,
                                          .payload_bytes = sizeof event,
                                          .time_ns = dp_now_ns(),
                                          .tid = state->tid,
                                          .thread_name = state->thread_name};
            write_event(&view);
        }
    }
    flush();
}
