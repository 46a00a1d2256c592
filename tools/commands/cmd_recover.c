/* deep-profile recover: finalises the log of a process that was killed, so that
 * babeltrace2 and others read exactly what was committed. The only verb that
 * writes into a log; never into that of a running process. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/metadata.h"

#include "base/clean.h"
#include "base/memory.h"
#include "log/files.h"
#include "log/log_packet.h"
#include "log/processes.h"
#include "render/json.h"
#include "log/log_state.h"

/* What was done to one log. */
struct repair {
    struct dp_log *log;
    const char *file;
    struct dp_edit edit;
    uint64_t packets;    /* end at their last whole record now */
    uint64_t completed;  /* files that ended inside a packet */
    uint64_t replaced;   /* packets in the middle that are empty now */
    uint64_t removed;    /* prepared and empty, at the end */
    uint64_t lost_bytes; /* committed, but not there or not readable */
    bool metadata;       /* written again */
    struct dp_problem problem;
};

static bool write_at(struct repair *repair, const void *bytes, size_t size, uint64_t offset)
{
    int error = dp_edit_write(&repair->edit, bytes, size, offset);

    if (error == 0)
        return true;
    dp_problem_set(&repair->problem, "cannot write '%s/%s': %s", repair->log->path, repair->file,
                   strerror(-error));
    return false;
}

static bool cut(struct repair *repair, uint64_t size)
{
    int error = dp_edit_cut(&repair->edit, size);

    if (error == 0)
        return true;
    dp_problem_set(&repair->problem, "cannot cut '%s/%s': %s", repair->log->path, repair->file,
                   strerror(-error));
    return false;
}

/* The header of a packet whose content ends after `whole` bytes. */
static bool end_packet(struct repair *repair, uint64_t offset, struct dp_packet *header,
                       uint64_t whole)
{
    header->content_size_bits = whole * 8;
    repair->packets++;
    return write_at(repair, header, sizeof *header, offset);
}

/* What is behind the last packet with data in a stream. */
struct tail {
    uint64_t end;   /* of the last packet with data */
    uint64_t empty; /* prepared packets behind it */
    bool ours;      /* at least one packet is of this log */
};

/* Whether readers get over [offset, end) as it is: empty packets, in time. */
static bool is_bridged(const struct repair *repair, const struct dp_map *map, uint64_t offset,
                       uint64_t end, uint64_t time_ns)
{
    struct dp_packet_view view;

    while (offset < end) {
        dp_packet_look(repair->log, map, offset, &view);
        if (view.state != DP_PACKET_EMPTY || view.zero || view.header.timestamp_begin > time_ns)
            return false;
        offset += view.bytes;
    }
    return offset == end;
}

/*
 * [offset, end) holds no data, but a packet with data is behind it: what is
 * there, unreadable or prepared and passed over, becomes one empty packet (or
 * several, of the largest size) with a time that fits in.
 */
static bool bridge(struct repair *repair, const struct dp_map *map, uint64_t offset, uint64_t end,
                   const struct dp_packet *model, uint64_t time_ns)
{
    struct dp_packet header = *model;

    if (is_bridged(repair, map, offset, end, time_ns))
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

/* Bytes of the packet's content that hold whole records; the header if none. */
static uint64_t whole_content(const struct dp_map *map, uint64_t offset,
                              const struct dp_packet_view *view, uint64_t *last_ns)
{
    uint64_t there = map->size - offset;
    uint64_t content = view->content_bytes < there ? view->content_bytes : there;

    return dp_packet_whole(map, offset, content, last_ns);
}

/* Less than a header is left: the start of one of ours? */
static bool starts_like_ours(const struct repair *repair, const struct dp_map *map, uint64_t offset)
{
    const uint32_t magic = DP_PACKET_MAGIC;
    struct dp_packet start = {0};
    uint64_t left = map->size - offset;

    memcpy(&start, map->bytes + offset, left < sizeof start ? left : sizeof start);
    return memcmp(&start.magic, &magic, left < sizeof magic ? left : sizeof magic) == 0 &&
           (left < offsetof(struct dp_packet, stream_class) || !repair->log->has_uuid ||
            memcmp(start.uuid, repair->log->uuid, sizeof start.uuid) == 0);
}

static bool repair_packets(struct repair *repair, const struct dp_map *map, struct tail *tail)
{
    uint64_t offset = 0, bytes = 0, lost = 0, before_ns = 0, last_ns = 0, ends_ns = 0;
    struct dp_packet_view view;

    *tail = (struct tail){0};
    for (;; offset += dp_packet_step(&view, bytes)) {
        dp_packet_look(repair->log, map, offset, &view);
        if (view.state == DP_PACKET_NONE) {
            tail->ours |= offset < map->size && starts_like_ours(repair, map, offset);
            return true;
        }
        tail->ours |= view.state != DP_PACKET_BAD;
        tail->empty += view.state == DP_PACKET_EMPTY;
        if (view.bytes)
            bytes = view.bytes;
        lost += view.state == DP_PACKET_BAD ? dp_packet_step(&view, bytes) : 0;
        if (view.state != DP_PACKET_DATA)
            continue;
        uint64_t whole = whole_content(map, offset, &view, &ends_ns);
        repair->lost_bytes += view.content_bytes - whole;
        if (whole <= sizeof view.header) /* no more than an empty one */
            continue;
        before_ns = last_ns ? last_ns : view.header.timestamp_begin;
        last_ns = ends_ns;
        if (!bridge(repair, map, tail->end, offset, &view.header, before_ns))
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
static bool repair_tail(struct repair *repair, const struct dp_map *map, const struct tail *tail)
{
    if (tail->end == map->size)
        return true;
    if (!tail->ours) {
        dp_error("'%s/%s' is not a stream of this log; left as it is", repair->log->path,
                 repair->file);
        return true;
    }
    repair->removed += tail->empty;
    repair->completed += tail->end > map->size;
    if (tail->empty == 0 && tail->end < map->size)
        repair->lost_bytes += map->size - tail->end;
    return cut(repair, tail->end);
}

static bool repair_stream(struct repair *repair, const char *name)
{
    char *path = dp_join(repair->log->path, name);
    struct dp_map map = {0};
    struct tail tail;
    bool done = false;
    int error = dp_edit_open(&repair->edit, repair->log->path, name);

    repair->file = name;
    if (error == 0)
        error = dp_map_open(&map, path);
    if (error < 0)
        dp_problem_set(&repair->problem, "cannot open '%s': %s", path,
                       error == -EMLINK ? "it has more than one name (hard links)"
                                        : strerror(-error));
    else
        done = repair_packets(repair, &map, &tail) && repair_tail(repair, &map, &tail);
    dp_edit_close(&repair->edit);
    dp_map_close(&map);
    free(path);
    return done;
}

/* The log's identity, when its metadata is lost: that of the first packet with
 * records. Others may be gone afterwards, and must not have decided. */
static void find_uuid_in(struct dp_log *log, const struct dp_map *map)
{
    struct dp_packet_view view;
    uint64_t last_ns;

    for (uint64_t offset = 0; !log->has_uuid; offset += dp_packet_step(&view, 0)) {
        dp_packet_look(log, map, offset, &view);
        if (view.state == DP_PACKET_NONE)
            return;
        if (view.state != DP_PACKET_DATA ||
            whole_content(map, offset, &view, &last_ns) <= sizeof view.header)
            continue;
        memcpy(log->uuid, view.header.uuid, sizeof log->uuid);
        log->has_uuid = true;
    }
}

static void find_uuid(struct dp_log *log)
{
    for (size_t i = 0; i < log->n_streams && !log->has_uuid; i++) {
        struct dp_map map;
        char *path = dp_join(log->path, log->streams[i].name);
        if (dp_map_open(&map, path) == 0)
            find_uuid_in(log, &map);
        dp_map_close(&map);
        free(path);
    }
}

static bool same_text(const char *path, const struct dp_text *text)
{
    struct dp_map map;
    bool same = dp_map_open(&map, path) == 0 && map.size == text->length &&
                memcmp(map.bytes, text->buffer, map.size) == 0;

    dp_map_close(&map);
    return same;
}

static bool write_metadata(struct repair *repair, const struct dp_text *text)
{
    int error = dp_file_replace(repair->log->path, "metadata", text->buffer, text->length);

    if (error < 0)
        dp_problem_set(&repair->problem, "cannot write '%s/metadata': %s", repair->log->path,
                       strerror(-error));
    return error == 0;
}

/* Written again when it is not what the runtime writes: cut, or missing. */
static bool repair_metadata(struct repair *repair, const struct dp_process_state *process)
{
    char buffer[DP_METADATA_BYTES];
    struct dp_text text = {buffer, sizeof buffer, 0};
    struct dp_log *log = repair->log;
    struct dp_metadata_info info = {.realtime_offset_ns = process->realtime_offset_ns,
                                    .pid = process->pid,
                                    .program = process->program};

    if (!log->has_uuid)
        return true;
    memcpy(info.uuid, log->uuid, sizeof info.uuid);
    dp_metadata_write(&text, &info);
    char *path = dp_join(log->path, "metadata");
    bool done = text.length <= text.size;
    if (done && !same_text(path, &text)) {
        repair->metadata = true;
        done = write_metadata(repair, &text);
    }
    free(path);
    return done;
}

static int refuse(const char *path, const struct dp_process_state *process)
{
    dp_error("process %u still writes '%s'; recover is for logs of processes that ended",
             process->pid, path);
    return DP_EXIT_CHECK;
}

/* Of a process that cannot be looked for: whether the log shows signs of life. */
static bool still_beats(const struct dp_log *log, const struct dp_process_state *before)
{
    struct dp_process_state now;
    struct dp_problem problem;
    bool found = false;

    dp_wait_ms(500); /* many ticks */
    return dp_state_read(log, &now, &found, &problem) == DP_EXIT_OK && found &&
           now.heartbeat_ns != before->heartbeat_ns;
}

static bool is_running(const struct dp_log *log, const struct dp_process_state *process)
{
    enum dp_phase phase = dp_state_phase(log, process);

    return phase == DP_PHASE_RUNNING || (phase == DP_PHASE_ELSEWHERE && still_beats(log, process));
}

static void print_text(const struct repair *repair)
{
    bool nothing = !repair->packets && !repair->completed && !repair->replaced &&
                   !repair->removed && !repair->metadata;

    char *path = dp_clean_copy(repair->log->path);

    printf("%s: ", path);
    free(path);
    if (nothing) {
        puts("nothing to do");
        return;
    }
    printf("%llu empty packets removed, %llu shortened, %llu made empty, %llu files completed%s",
           (unsigned long long)repair->removed, (unsigned long long)repair->packets,
           (unsigned long long)repair->replaced, (unsigned long long)repair->completed,
           repair->metadata ? ", metadata written" : "");
    if (repair->lost_bytes > 0)
        printf("; %llu bytes could not be saved", (unsigned long long)repair->lost_bytes);
    putchar('\n');
}

static void print_json(const struct repair *repair, struct dp_json *object)
{
    dp_json_put_text(object, "log", repair->log->path);
    dp_json_put_u64(object, "packets_removed", repair->removed);
    dp_json_put_u64(object, "packets_shortened", repair->packets);
    dp_json_put_u64(object, "packets_made_empty", repair->replaced);
    dp_json_put_u64(object, "files_completed", repair->completed);
    dp_json_put_u64(object, "bytes_lost", repair->lost_bytes);
    dp_json_put_bool(object, "metadata_written", repair->metadata);
}

static int recover_log(struct dp_log *log, const struct dp_process_state *process, bool found,
                       struct dp_json_document *document)
{
    struct repair repair = {.log = log, .edit = {-1}};
    bool done = true;

    find_uuid(log);
    for (size_t i = 0; done && i < log->n_streams; i++)
        done = repair_stream(&repair, log->streams[i].name);
    if (done && found)
        done = repair_metadata(&repair, process);
    if (!done) {
        dp_error("%s", repair.problem.text);
        return DP_EXIT_DATA;
    }
    if (document->out)
        print_json(&repair, dp_json_next(document));
    else
        print_text(&repair);
    if (!found && !log->has_metadata) {
        dp_error("'%s' has neither whole metadata nor state/process to write it from", log->path);
        return DP_EXIT_DATA;
    }
    return DP_EXIT_OK;
}

static int recover(const char *path, struct dp_json_document *document)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_process_state process;
    bool found = false;
    int status = dp_log_open(&log, path, &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    status = dp_state_read(&log, &process, &found, &problem);
    if (status != DP_EXIT_OK)
        dp_error("%s", problem.text);
    else if (found && is_running(&log, &process))
        status = refuse(path, &process);
    else
        status = recover_log(&log, &process, found, document);
    dp_log_close(&log);
    return status;
}

int dp_cmd_recover(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = dp_parse_common_only,
        .args_doc = "[DIR]",
        .doc = "Finalises the log of a process that was killed: packets end at their last whole "
               "record, prepared ones at the end go, a cut file is made whole. Does nothing the "
               "second time. Refuses while the process runs.",
        .children = children,
    };
    struct dp_common common = {0};
    struct dp_paths logs;
    struct dp_json_document document;

    argp_parse(&argp, argc, argv, 0, NULL, &common);
    int worst = dp_logs_find(common.path, &logs);
    dp_json_start(&document, common.json, logs.folder);
    for (size_t i = 0; i < logs.n; i++) {
        int status = recover(logs.path[i], &document);
        if (status > worst)
            worst = status;
    }
    dp_json_finish(&document);
    dp_paths_free(&logs);
    return worst;
}
