/*
 * What the readers need of the file system, except the bytes of the log's files: file.h.
 * Used by all code that touches a log. Tests replace files.c (by logs in memory, for the
 * fuzzer). A log may come from anybody: inside it no link is followed, only regular files
 * are opened, and only dp_edit_*() and dp_file_replace() write.
 */
#ifndef DP_TOOLS_FILES_H
#define DP_TOOLS_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* ---- looking ---- */

enum dp_file_type { DP_FILE_REGULAR, DP_FILE_FOLDER, DP_FILE_OTHER };

struct dp_look {
    enum dp_file_type type;
    uint64_t bytes;
    uint64_t disk_bytes;
    struct timespec changed;
    uint64_t device; /* with `inode`: which file it is; names may share one */
    uint64_t inode;
};

/* 0 or -errno. dp_look_at() follows links: for a path that a person named.
 * dp_look_inside() does not: for what lies in a log, where a link is DP_FILE_OTHER. */
int dp_look_at(const char *path, struct dp_look *look);
int dp_look_inside(const char *path, struct dp_look *look);

/* Bytes that are free for us in a file system; UINT64_MAX when it does not say. */
uint64_t dp_room_at(const char *folder);

/* For common/place.h. */
struct dp_place;
int dp_place_find(const char *path, struct dp_place *place);

struct dp_names {
    char **name;
    size_t n;
    size_t capacity;
};

/* The names in a folder, sorted, without those that start with a dot. 0 or -errno. */
int dp_names_list(struct dp_names *names, const char *folder);
void dp_names_free(struct dp_names *names);

/* ---- writing, for `recover` ---- */

struct dp_edit {
    int fd;
};

/* A file of a log that is there: regular, no link, and without a second name
 * (which may be a file of somebody else). 0 or -errno, -EMLINK for the last. */
int dp_edit_open(struct dp_edit *edit, const char *folder, const char *name);
int dp_edit_write(const struct dp_edit *edit, const void *bytes, size_t size, uint64_t offset);
int dp_edit_cut(const struct dp_edit *edit, uint64_t size);
void dp_edit_close(struct dp_edit *edit);

/* Puts a new file in the place of whatever has that name. 0 or -errno. */
int dp_file_replace(const char *folder, const char *name, const void *bytes, size_t size);

#endif
