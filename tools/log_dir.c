/* See log_dir.h. */
#include "log_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool exists(const char *directory, const char *name)
{
    struct stat status;
    char *path = dp_join(directory, name);
    bool found = stat(path, &status) == 0 && S_ISREG(status.st_mode);

    free(path);
    return found;
}

/* "stream-LANE-SEGMENT" or "runtime" or "runtime-SEGMENT". */
static bool stream_name(const char *name, int64_t *lane, uint64_t *segment)
{
    unsigned long long lane_number = 0, segment_number = 0;
    int end = 0;

    *lane = DP_LANE_RUNTIME;
    *segment = 0;
    if (strcmp(name, "runtime") == 0)
        return true;
    if (sscanf(name, "runtime-%19llu%n", &segment_number, &end) == 1 && !name[end]) {
        *segment = segment_number;
        return true;
    }
    if (sscanf(name, "stream-%9llu-%19llu%n", &lane_number, &segment_number, &end) == 2 &&
        !name[end]) {
        *lane = (int64_t)lane_number;
        *segment = segment_number;
        return true;
    }
    return false;
}

static int by_lane_and_segment(const void *a, const void *b)
{
    const struct dp_stream_file *x = a, *y = b;

    if (x->lane != y->lane)
        return x->lane < y->lane ? -1 : 1;
    return x->segment < y->segment ? -1 : x->segment > y->segment;
}

int dp_streams_list(const char *path, struct dp_stream_file **streams, size_t *n_streams)
{
    struct dp_stream_file *list = NULL;
    size_t n = 0, capacity = 0;
    DIR *directory = opendir(path);

    if (!directory)
        return -errno;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct dp_stream_file file;
        /* A folder of that name is not ours: sources have a runtime/, too. */
        if (!stream_name(entry->d_name, &file.lane, &file.segment) || !exists(path, entry->d_name))
            continue;
        file.name = dp_copy(entry->d_name);
        list = dp_grow(list, &capacity, n + 1, sizeof *list);
        list[n++] = file;
    }
    closedir(directory);
    if (n > 0)
        qsort(list, n, sizeof *list, by_lane_and_segment);
    *streams = list;
    *n_streams = n;
    return 0;
}

void dp_streams_free(struct dp_stream_file *streams, size_t n_streams)
{
    for (size_t i = 0; i < n_streams; i++)
        free(streams[i].name);
    free(streams);
}

bool dp_is_log(const char *path)
{
    struct dp_stream_file *streams = NULL;
    size_t n_streams = 0;

    if (exists(path, "state/process"))
        return true;
    if (dp_streams_list(path, &streams, &n_streams) < 0)
        return false;
    dp_streams_free(streams, n_streams);
    /* A metadata file alone may be any CTF trace, one of ours that is empty
     * has the directory of its state. */
    struct stat status;
    char *state = dp_join(path, "state");
    bool has_state = stat(state, &status) == 0 && S_ISDIR(status.st_mode);
    free(state);
    return n_streams > 0 || (has_state && exists(path, "metadata"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int dp_logs_in(const char *directory, const char *prefix, struct dp_paths *logs)
{
    DIR *opened = opendir(directory);

    if (!opened)
        return -errno;
    for (struct dirent *entry; (entry = readdir(opened));) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        char *path = strcmp(directory, ".") == 0 ? dp_copy(entry->d_name)
                                                 : dp_join(directory, entry->d_name);
        if (!dp_is_log(path)) {
            free(path);
            continue;
        }
        logs->path = dp_grow(logs->path, &logs->capacity, logs->n + 1, sizeof *logs->path);
        logs->path[logs->n++] = path;
    }
    closedir(opened);
    if (logs->n > 0)
        qsort(logs->path, logs->n, sizeof *logs->path, by_name);
    return 0;
}

static struct timespec changed(const char *path)
{
    struct stat status;
    char *metadata = dp_join(path, "metadata");
    bool found = stat(metadata, &status) == 0 || stat(path, &status) == 0;

    free(metadata);
    return found ? status.st_mtim : (struct timespec){0};
}

static bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static void keep_newest(struct dp_paths *logs)
{
    size_t newest = 0;

    for (size_t i = 1; i < logs->n; i++)
        if (later(changed(logs->path[i]), changed(logs->path[newest])))
            newest = i;
    for (size_t i = 0; i < logs->n; i++)
        if (i != newest)
            free(logs->path[i]);
    logs->path[0] = logs->path[newest];
    logs->n = 1;
}

static void add_path(struct dp_paths *logs, const char *path)
{
    logs->path = dp_grow(logs->path, &logs->capacity, logs->n + 1, sizeof *logs->path);
    logs->path[logs->n++] = dp_copy(path);
}

static int find_default(struct dp_paths *logs)
{
    if (dp_is_log(".")) {
        add_path(logs, ".");
        return DP_EXIT_OK;
    }
    dp_logs_in(".", "deep-profile.", logs);
    if (logs->n == 0) {
        dp_error("no log here: name its directory, or make one with "
                 "'deep-profile record -- PROGRAM'");
        return DP_EXIT_DATA;
    }
    keep_newest(logs);
    return DP_EXIT_OK;
}

int dp_logs_find(const char *path, struct dp_paths *logs)
{
    struct stat status;

    *logs = (struct dp_paths){0};
    if (!path)
        return find_default(logs);
    if (stat(path, &status) < 0) {
        dp_error("cannot open '%s': %s", path, strerror(errno));
        return DP_EXIT_DATA;
    }
    if (!S_ISDIR(status.st_mode)) {
        dp_error("'%s' is a file; a log is a directory", path);
        return DP_EXIT_DATA;
    }
    if (dp_is_log(path)) {
        add_path(logs, path);
        return DP_EXIT_OK;
    }
    logs->folder = true;
    int error = dp_logs_in(path, "", logs);
    if (error < 0) {
        dp_error("cannot open '%s': %s", path, strerror(-error));
        return DP_EXIT_DATA;
    }
    if (logs->n == 0) {
        dp_error("'%s' is not a log: it has no streams and no state, and holds no directory "
                 "that has",
                 path);
        return DP_EXIT_DATA;
    }
    return DP_EXIT_OK;
}

void dp_paths_free(struct dp_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        free(paths->path[i]);
    free(paths->path);
    *paths = (struct dp_paths){0};
}
