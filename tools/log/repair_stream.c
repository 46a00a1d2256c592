/* See repair_stream.h. */
#include "repair_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files.h"
#include "log_packet.h"

static bool write_at(struct dp_repair *repair, const void *bytes, size_t size, uint64_t offset)
{
    int error = repair->only_look ? 0 : dp_edit_write(&repair->edit, bytes, size, offset);

    if (error == 0)
        return true;
    dp_problem_set(&repair->problem, "cannot write '%s/%s': %s", repair->log->path, repair->file,
                   strerror(-error));
    return false;
}

static bool cut(struct dp_repair *repair, uint64_t size)
{
    int error = repair->only_look ? 0 : dp_edit_cut(&repair->edit, size);

    if (error == 0)
        return true;
    dp_problem_set(&repair->problem, "cannot cut '%s/%s': %s", repair->log->path, repair->file,
                   strerror(-error));
    return false;
}

/* The header of a packet whose content ends after `whole` bytes. */
static bool end_packet(struct dp_repair *repair, uint64_t offset, struct dp_packet *header,
                       uint64_t whole)
{
    header->content_size_bits = whole * 8;
    repair->packets++;
    return write_at(repair, header, sizeof *header, offset);
}

/* How a stream ends. */
struct tail {
    uint64_t end;   /* of the last packet with data */
    uint64_t empty; /* prepared packets after it */
    bool ours;      /* at least one packet is of this log */
};

/* Whether [offset, end) can stay: whole empty packets, no later than `time_ns`. */
static bool is_bridged(const struct dp_repair *repair, struct dp_file *file, uint64_t offset,
                       uint64_t end, uint64_t time_ns)
{
    struct dp_packet_view view;

    while (offset < end) {
        dp_packet_look(repair->log, file, offset, &view);
        if (view.state != DP_PACKET_EMPTY || !view.bytes || view.header.timestamp_begin > time_ns)
            return false;
        offset += view.bytes;
    }
    return offset == end;
}

/*
 * [offset, end) has no data, but a packet with data follows. The range may be unreadable, or
 * prepared and never used. It becomes one empty packet, or several of the largest size, with the
 * time of the packet before.
 */
static bool bridge(struct dp_repair *repair, struct dp_file *file, uint64_t offset, uint64_t end,
                   const struct dp_packet *model, uint64_t time_ns)
{
    struct dp_packet header = *model;

    if (is_bridged(repair, file, offset, end, time_ns))
        return true;
    header.content_size_bits = sizeof header * 8;
    header.timestamp_begin = time_ns;
    while (offset < end) {
        uint64_t bytes = end - offset < DP_PACKET_MAX_BYTES ? end - offset : DP_PACKET_MAX_BYTES;
        header.packet_size_bits = bytes * 8;
        repair->replaced++;
        if (!write_at(repair, &header, sizeof header, offset))
            return false;
        offset += bytes;
    }
    return true;
}

/* Less than a header is left in the file. Whether it begins like a packet of this log. */
static bool starts_like_ours(const struct dp_repair *repair, struct dp_file *file, uint64_t offset)
{
    const uint32_t magic = DP_PACKET_MAGIC;
    struct dp_packet start = {0};
    int64_t got = dp_file_read(file, &start, sizeof start, offset);
    size_t left = got > 0 ? (size_t)got : 0;

    return left > 0 && memcmp(&start.magic, &magic, left < sizeof magic ? left : sizeof magic) == 0 &&
           (left < offsetof(struct dp_packet, stream_class) || !repair->log->has_uuid ||
            memcmp(start.uuid, repair->log->uuid, sizeof start.uuid) == 0);
}

static bool repair_packets(struct dp_repair *repair, struct dp_file *file, struct tail *tail)
{
    uint64_t offset = 0, bytes = 0, lost = 0, before_ns = 0, last_ns = 0, ends_ns = 0, step;
    struct dp_packet_view view;

    *tail = (struct tail){0};
    for (;; offset += step) {
        dp_packet_look(repair->log, file, offset, &view);
        if (view.state == DP_PACKET_NONE) {
            tail->ours |= starts_like_ours(repair, file, offset);
            return true;
        }
        tail->ours |= view.state != DP_PACKET_BAD;
        tail->empty += view.state == DP_PACKET_EMPTY;
        if (view.bytes)
            bytes = view.bytes;
        step = dp_packet_step(file, offset, &view, bytes);
        lost += view.state == DP_PACKET_BAD ? step : 0;
        if (view.state != DP_PACKET_DATA)
            continue;
        uint64_t whole = dp_packet_whole(file, offset, view.content_bytes, &ends_ns);
        repair->lost_bytes += view.content_bytes - whole;
        if (whole <= sizeof view.header) /* no more than an empty one */
            continue;
        before_ns = last_ns ? last_ns : view.header.timestamp_begin;
        last_ns = ends_ns;
        if (!bridge(repair, file, tail->end, offset, &view.header, before_ns))
            return false;
        if (whole < view.content_bytes && !end_packet(repair, offset, &view.header, whole))
            return false;
        repair->lost_bytes += lost;
        lost = 0;
        tail->end = offset + view.bytes;
        tail->empty = 0;
    }
}

/* Ends the file with its last packet with data, which becomes whole. */
static bool repair_tail(struct dp_repair *repair, struct dp_file *file, const struct tail *tail)
{
    uint64_t size = dp_file_size(file);

    if (tail->end == size)
        return true;
    if (!tail->ours) {
        if (!repair->only_look)
            dp_error("'%s/%s' is not a stream of this log; left as it is", repair->log->path,
                     repair->file);
        return true;
    }
    repair->removed += tail->empty;
    repair->completed += tail->end > size;
    if (tail->empty == 0 && tail->end < size)
        repair->lost_bytes += size - tail->end;
    return cut(repair, tail->end);
}

bool dp_repair_stream(struct dp_repair *repair, const char *name)
{
    char *path = dp_join(repair->log->path, name);
    struct dp_file *file = NULL;
    struct tail tail;
    bool done = false;
    int error =
        repair->only_look ? 0 : dp_edit_open(&repair->edit, repair->log->path, name);

    repair->file = name;
    if (error == 0)
        error = dp_file_open(&file, path);
    if (error < 0)
        dp_problem_set(&repair->problem, "cannot open '%s': %s", path,
                       error == -EMLINK ? "it has more than one name (hard links)"
                                        : strerror(-error));
    else
        done = repair_packets(repair, file, &tail) && repair_tail(repair, file, &tail);
    dp_edit_close(&repair->edit);
    dp_file_close(file);
    free(path);
    return done;
}
