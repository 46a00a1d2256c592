/*
 * Everything that the readers ask of the system: files, folders, processes.
 *
 * Used by all that touches a log; files.c is the one implementation, and tests
 * put another in its place (logs that lie in memory, for the fuzzer). A log may
 * come from anybody: inside of it no link is followed, nothing but regular
 * files is opened, and nothing is written but what dp_edit_*() and
 * dp_file_replace() are told to.
 *
 * A file that somebody cuts while it is mapped would kill the tool with SIGBUS:
 * dp_map_guard() makes that a message and an exit status.
 */
#ifndef DP_TOOLS_FILES_H
#define DP_TOOLS_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* ---- reading ---- */

struct dp_map {
    const uint8_t *bytes; /* NULL: nothing mapped, or an empty file */
    size_t size;
    size_t read; /* what lies before was given back: dp_map_read_past() */
};

/* 0 or -errno (-EISDIR and the like for what is not a regular file, -ELOOP for
 * a link). */
int dp_map_open(struct dp_map *map, const char *path);

/* The reader is past `offset`: memory before it may go. It can be read again. */
void dp_map_read_past(struct dp_map *map, size_t offset);

void dp_map_close(struct dp_map *map);

void dp_map_guard(void);

/* ---- looking ---- */

enum dp_kind { DP_KIND_FILE, DP_KIND_FOLDER, DP_KIND_OTHER };

struct dp_look {
    enum dp_kind kind;
    uint64_t bytes;
    uint64_t disk_bytes;
    struct timespec changed;
};

/* 0 or -errno. A path that a person named may be a link; what lies in a log may
 * not: it is DP_KIND_OTHER then. */
int dp_look_at(const char *path, struct dp_look *look);

/* Bytes that a file system has left for us; UINT64_MAX when it does not say. */
uint64_t dp_room_at(const char *folder);
int dp_look_inside(const char *path, struct dp_look *look);

/* For common/place.h. */
struct dp_place;
int dp_place_find(const char *path, struct dp_place *place);

struct dp_names {
    char **name;
    size_t n;
    size_t capacity;
};

/* What lies in a folder, sorted, without names that start with a dot. 0 or
 * -errno. */
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

/* ---- processes ---- */

/* From the system. */
uint64_t dp_random(void);

/* dp_machine() of abi/state.h: where we run. */
uint64_t dp_machine_here(void);

void dp_wait_ms(unsigned ms);

/* When process `pid` started, in clock ticks since boot: field 22 of its stat.
 * 0: there is no such process, or it is a zombie. */
uint64_t dp_process_start_ticks(uint32_t pid);

/* Whether process `pid` maps the file at `path`, by its inode. ALIKE: not that
 * one, but one whose name ends in `name` (file systems in layers tell of other
 * inodes). UNKNOWN: we may not look. */
enum dp_mapped { DP_MAPPED_UNKNOWN, DP_MAPPED_NOT, DP_MAPPED_ALIKE, DP_MAPPED };
enum dp_mapped dp_process_maps(uint32_t pid, const char *path, const char *name);

#endif
