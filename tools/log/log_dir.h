/*
 * Which directories are logs, and which files a log has.
 *
 * Used by the verbs to turn their DIR argument into logs, and by log_open to
 * list streams. Looks at names and inodes only, opens no file.
 */
#ifndef DP_TOOLS_LOG_DIR_H
#define DP_TOOLS_LOG_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"

/* The lane number of the stream "runtime", which no lane writes. Sorts first. */
#define DP_LANE_RUNTIME (-1)

struct dp_stream_file {
    int64_t lane; /* DP_LANE_RUNTIME, or the lane */
    uint64_t segment;
    char *name; /* within the log directory */
    bool again; /* one before it is the same file: a hard link */
};

/* Sorted by lane, then segment. Returns 0 or -errno. */
int dp_streams_list(const char *path, struct dp_stream_file **streams, size_t *n_streams);
/* Which file a name stands for. */
struct dp_identity {
    uint64_t device;
    uint64_t inode;
    size_t index; /* of the name, in the order of its list */
    bool again;   /* a name before it stands for the same file */
};

/* Sets `again`; `identities` are, and stay, in order of their index. */
void dp_identities_compare(struct dp_identity *identities, size_t n);

void dp_streams_free(struct dp_stream_file *streams, size_t n_streams);

bool dp_is_log(const char *path);

struct dp_paths {
    char **path;
    size_t n;
    size_t capacity;
    bool folder; /* found in a folder that is not a log itself */
};

/*
 * The logs that `path` means: itself, or the logs that lie directly in it, by
 * name. NULL: the current directory if it is a log, else the newest
 * deep-profile.* in it. Returns 0, or an exit status after saying why.
 */
int dp_logs_find(const char *path, struct dp_paths *logs);

/* Those directly in `directory` whose name starts with `prefix` ("": all). */
int dp_logs_in(const char *directory, const char *prefix, struct dp_paths *logs);

void dp_paths_free(struct dp_paths *paths);

#endif
