/* See repair.h. */
#include "repair.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "common/metadata.h"
#include "contents.h"
#include "files.h"
#include "log_packet.h"

/* The log's identity, when its metadata is lost: that of the first packet with records.
 * Packets without records may be removed, and so must not decide. */
static void find_uuid_in(struct dp_log *log, struct dp_file *file)
{
    struct dp_packet_view view;
    uint64_t last_ns;

    for (uint64_t offset = 0; !log->has_uuid;
         offset += dp_packet_step(file, offset, &view, 0)) {
        dp_packet_look(log, file, offset, &view);
        if (view.state == DP_PACKET_NONE)
            return;
        if (view.state != DP_PACKET_DATA ||
            dp_packet_whole(file, offset, view.content_bytes, &last_ns) <= sizeof view.header)
            continue;
        memcpy(log->uuid, view.header.uuid, sizeof log->uuid);
        log->has_uuid = true;
    }
}

static void find_uuid(struct dp_log *log)
{
    for (size_t i = 0; i < log->n_streams && !log->has_uuid; i++) {
        struct dp_file *file;
        char *path = dp_join(log->path, log->streams[i].name);
        if (dp_file_open(&file, path) == 0)
            find_uuid_in(log, file);
        dp_file_close(file);
        free(path);
    }
}

static bool same_text(const char *path, const struct dp_text *text)
{
    struct dp_contents contents;
    bool same = dp_contents_read(&contents, path, text->length) == 0 &&
                contents.file_bytes == text->length && contents.size == text->length &&
                memcmp(contents.bytes, text->buffer, text->length) == 0;

    dp_contents_free(&contents);
    return same;
}

static bool write_metadata(struct dp_repair *repair, const struct dp_text *text)
{
    int error = dp_file_replace(repair->log->path, "metadata", text->buffer, text->length);

    if (error < 0)
        dp_problem_set(&repair->problem, "cannot write '%s/metadata': %s", repair->log->path,
                       strerror(-error));
    return error == 0;
}

/* Metadata that is not what the runtime writes, cut or missing, is written again. */
static bool repair_metadata(struct dp_repair *repair, const struct dp_process_state *process)
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
        done = repair->only_look || write_metadata(repair, &text);
    }
    free(path);
    return done;
}

static bool run(struct dp_repair *repair, const struct dp_process_state *process)
{
    struct dp_log *log = repair->log;

    find_uuid(log);
    for (size_t i = 0; i < log->n_streams; i++)
        if (!dp_repair_stream(repair, log->streams[i].name))
            return false;
    return !process || repair_metadata(repair, process);
}

bool dp_repair_log(struct dp_repair *repair, struct dp_log *log,
                   const struct dp_process_state *process)
{
    *repair = (struct dp_repair){.log = log, .edit = {-1}};
    return run(repair, process);
}

bool dp_repair_is_due(struct dp_log *log, const struct dp_process_state *process)
{
    struct dp_repair repair = {.log = log, .only_look = true, .edit = {-1}};

    return !run(&repair, process) || dp_repair_did_something(&repair);
}

bool dp_repair_did_something(const struct dp_repair *repair)
{
    return repair->packets || repair->completed || repair->replaced || repair->removed ||
           repair->metadata;
}
