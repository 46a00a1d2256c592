/* See log_open.h. */
#include "log_open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile/abi/state.h>

#include "base/memory.h"
#include "common/metadata.h"
#include "contents.h"

#define PACKET_BYTES (UINT64_C(64) << 20) /* no packet is larger */

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

/* Whether `text` is only the beginning of a metadata file: all of a log of our version
 * follows from the fields that were read from it. */
static bool is_cut(const struct dp_log *log, const char *text, size_t length)
{
    char whole[DP_METADATA_BYTES];
    struct dp_text expected = {whole, sizeof whole, 0};
    struct dp_metadata_info info = {.realtime_offset_ns = log->realtime_offset_ns,
                                    .pid = log->pid,
                                    .program = log->program};

    memcpy(info.uuid, log->uuid, sizeof info.uuid);
    dp_metadata_write(&expected, &info);
    return expected.length <= sizeof whole && length < expected.length &&
           memcmp(text, whole, length) == 0;
}

/* 0, or an exit status. When a field is missing, has_metadata stays false. */
static int read_metadata(struct dp_log *log, struct dp_problem *problem)
{
    char *path = dp_join(log->path, "metadata");
    struct dp_contents contents;
    uint64_t version = 0, pid = 0;
    /* Ours have a few kilobytes. */
    char text[65536];
    int error = dp_contents_read(&contents, path, sizeof text - 1);

    if (error < 0 && error != -ENOENT) {
        dp_problem_set(problem, "cannot open '%s': %s", path, strerror(-error));
        free(path);
        return DP_EXIT_DATA;
    }
    free(path);
    size_t length = contents.size;
    if (length > 0)
        memcpy(text, contents.bytes, length);
    text[length] = '\0';
    dp_contents_free(&contents);
    if (metadata_number(text, "    log_version = ", &version) && version != DP_LOG_VERSION) {
        dp_problem_set(problem,
                       "'%s' was written by log version %llu; this deep-profile reads version %d",
                       log->path, (unsigned long long)version, DP_LOG_VERSION);
        return DP_EXIT_DATA;
    }
    if (strstr(text, "    byte_order = be;")) {
        dp_problem_set(problem,
                       "'%s' was written by a big-endian machine; this deep-profile reads "
                       "little-endian logs", log->path);
        return DP_EXIT_DATA;
    }
    log->has_uuid = metadata_uuid(text, log->uuid);
    log->has_metadata = version == DP_LOG_VERSION && log->has_uuid &&
                        metadata_number(text, "    pid = ", &pid) &&
                        metadata_number(text, "    offset = ", &log->realtime_offset_ns);
    log->pid = (uint32_t)pid;
    metadata_string(text, "    program = \"", log->program, sizeof log->program);
    log->metadata_cut = log->has_metadata && is_cut(log, text, length);
    return DP_EXIT_OK;
}

/* No file of the log can be larger than what the process promised for all of it, by
 * more than a packet. */
static uint64_t most_file_bytes(const struct dp_log *log)
{
    struct dp_process_state process = {0};
    struct dp_contents contents;
    char *path = dp_join(log->path, "state/process");
    uint64_t most = UINT64_MAX;

    if (dp_contents_read(&contents, path, sizeof process) == 0 && contents.size == sizeof process)
        memcpy(&process, contents.bytes, sizeof process);
    if (process.magic == DP_STATE_MAGIC && process.version == DP_STATE_VERSION &&
        process.log_limit_bytes > 0 && process.log_limit_bytes < most - PACKET_BYTES)
        most = process.log_limit_bytes + PACKET_BYTES;
    dp_contents_free(&contents);
    free(path);
    return most;
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
    log->most_file_bytes = most_file_bytes(log);
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

bool dp_log_next_lane(const struct dp_log *log, int64_t *lane)
{
    for (size_t i = 0; i < log->n_streams; i++)
        if (log->streams[i].lane > *lane) { /* they are sorted */
            *lane = log->streams[i].lane;
            return true;
        }
    return false;
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
