/* See log_dir.h. */
#include "log_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile/abi/state.h>

#include "base/memory.h"
#include "files.h"

static bool has(const char *directory, const char *name, enum dp_file_type type)
{
    struct dp_look look;
    char *path = dp_join(directory, name);
    bool found = dp_look_inside(path, &look) == 0 && look.type == type;

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
        !name[end] && lane_number < DP_MAX_LANES) {
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

static int by_file(const void *a, const void *b)
{
    const struct dp_identity *x = a, *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_index(const void *a, const void *b)
{
    const struct dp_identity *x = a, *y = b;

    return x->index < y->index ? -1 : x->index > y->index;
}

void dp_identities_compare(struct dp_identity *identities, size_t n)
{
    if (n == 0)
        return;
    qsort(identities, n, sizeof *identities, by_file);
    for (size_t i = 1; i < n; i++)
        identities[i].again = identities[i].device == identities[i - 1].device &&
                              identities[i].inode == identities[i - 1].inode;
    qsort(identities, n, sizeof *identities, by_index);
}

/* `list` is sorted. */
static void find_links(const char *path, struct dp_stream_file *list, size_t n)
{
    struct dp_identity *identities = dp_allocate(n, sizeof *identities);

    for (size_t i = 0; i < n; i++) {
        struct dp_look look;
        char *file = dp_join(path, list[i].name);
        /* Gone: like no other. */
        bool found = dp_look_inside(file, &look) == 0;
        identities[i] = (struct dp_identity){.device = found ? look.device : 0,
                                             .inode = found ? look.inode : UINT64_MAX - i,
                                             .index = i};
        free(file);
    }
    dp_identities_compare(identities, n);
    for (size_t i = 0; i < n; i++)
        list[i].again = identities[i].again;
    free(identities);
}

int dp_streams_list(const char *path, struct dp_stream_file **streams, size_t *n_streams)
{
    struct dp_stream_file *list = NULL;
    struct dp_names names;
    size_t n = 0, capacity = 0;
    int error = dp_names_list(&names, path);

    for (size_t i = 0; i < names.n; i++) {
        struct dp_stream_file file;
        /* A folder of that name is not ours: sources have a runtime/, too. */
        if (!stream_name(names.name[i], &file.lane, &file.segment) ||
            !has(path, names.name[i], DP_FILE_REGULAR))
            continue;
        file.name = dp_copy(names.name[i]);
        file.again = false;
        list = dp_grow(list, &capacity, n + 1, sizeof *list);
        list[n++] = file;
    }
    dp_names_free(&names);
    if (error < 0)
        return error;
    if (n > 0)
        qsort(list, n, sizeof *list, by_lane_and_segment);
    find_links(path, list, n);
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

    if (has(path, "state/process", DP_FILE_REGULAR))
        return true;
    if (dp_streams_list(path, &streams, &n_streams) < 0)
        return false;
    dp_streams_free(streams, n_streams);
    /* A metadata file alone may be any CTF trace, one of ours that is empty
     * has the directory of its state. */
    return n_streams > 0 ||
           (has(path, "state", DP_FILE_FOLDER) && has(path, "metadata", DP_FILE_REGULAR));
}

static void add_path(struct dp_paths *logs, char *path)
{
    logs->path = dp_grow(logs->path, &logs->capacity, logs->n + 1, sizeof *logs->path);
    logs->path[logs->n++] = path;
}

int dp_logs_in(const char *directory, const char *prefix, struct dp_paths *logs)
{
    struct dp_names names;
    int error = dp_names_list(&names, directory);

    for (size_t i = 0; i < names.n; i++) {
        if (strncmp(names.name[i], prefix, strlen(prefix)) != 0)
            continue;
        char *path = strcmp(directory, ".") == 0 ? dp_copy(names.name[i])
                                                 : dp_join(directory, names.name[i]);
        if (dp_is_log(path))
            add_path(logs, path);
        else
            free(path);
    }
    dp_names_free(&names);
    return error;
}

static struct timespec changed(const char *path)
{
    struct dp_look look;
    char *metadata = dp_join(path, "metadata");
    bool found = dp_look_inside(metadata, &look) == 0 || dp_look_at(path, &look) == 0;

    free(metadata);
    return found ? look.changed : (struct timespec){0};
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

static int find_default(struct dp_paths *logs)
{
    if (dp_is_log(".")) {
        add_path(logs, dp_copy("."));
        return DP_EXIT_OK;
    }
    dp_logs_in(".", "deep-profile.", logs);
    if (logs->n == 0) {
        dp_error("no log here: name its directory, or make one with "
                 "'deep-profile record -- PROGRAM'; 'deep-profile doctor' may say why it is "
                 "missing");
        return DP_EXIT_DATA;
    }
    keep_newest(logs);
    return DP_EXIT_OK;
}

int dp_logs_find(const char *path, struct dp_paths *logs)
{
    struct dp_look look;

    *logs = (struct dp_paths){0};
    if (!path)
        return find_default(logs);
    int error = dp_look_at(path, &look);
    if (error < 0) {
        dp_error("cannot open '%s': %s", path, strerror(-error));
        return DP_EXIT_DATA;
    }
    if (look.type != DP_FILE_FOLDER) {
        dp_error("'%s' is a file; a log is a directory", path);
        return DP_EXIT_DATA;
    }
    if (dp_is_log(path)) {
        add_path(logs, dp_copy(path));
        return DP_EXIT_OK;
    }
    logs->folder = true;
    error = dp_logs_in(path, "", logs);
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
