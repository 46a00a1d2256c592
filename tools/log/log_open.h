/*
 * A log that is open: its metadata and its list of streams.
 *
 * The readers of its packets (log_packet.h, log_cursor.h, log_merge.h) and of its
 * state (log_state.h) work on it. They are the only code of the tool that touches
 * raw bytes, and trust none: each read is checked against what the file has, what
 * cannot be read is skipped and noted as damage. A log may grow while it is read.
 */
#ifndef DP_TOOLS_LOG_OPEN_H
#define DP_TOOLS_LOG_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "log_dir.h"

struct dp_log {
    char *path;
    bool has_metadata; /* complete enough for what follows */
    bool metadata_cut; /* it was read, but its end is missing */
    bool has_uuid;     /* from the metadata, else from the first packet */
    uint8_t uuid[16];
    uint64_t realtime_offset_ns;
    uint32_t pid;
    char program[256];
    uint64_t most_file_bytes; /* that any of its files can have; UINT64_MAX: not known */
    struct dp_stream_file *streams;
    size_t n_streams;
};

/*
 * Opens the log at `path`. Returns 0; or an exit status with `problem` set when
 * it cannot be read at all or is of another version. A log without metadata
 * opens (has_metadata is false).
 */
int dp_log_open(struct dp_log *log, const char *path, struct dp_problem *problem);

void dp_log_close(struct dp_log *log);

/* Lists the streams again: a running process makes new ones, and removes old ones. */
void dp_log_refresh(struct dp_log *log);

/* The first lane of the list behind `*lane`; false: there is none. Start with INT64_MIN. */
bool dp_log_next_lane(const struct dp_log *log, int64_t *lane);

#endif
