/*
 * A file, mapped for reading.
 *
 * Used by the readers. A file that somebody cuts while it is mapped would kill
 * the tool with SIGBUS: dp_map_guard() makes that a message and an exit status.
 */
#ifndef DP_TOOLS_FILE_MAP_H
#define DP_TOOLS_FILE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct dp_map {
    const uint8_t *bytes; /* NULL: nothing mapped, or an empty file */
    size_t size;
    size_t read; /* what lies before was given back: dp_map_read_past() */
};

/* 0 or -errno (-EISDIR and the like for what is not a regular file). */
int dp_map_open(struct dp_map *map, const char *path);

/* The reader is past `offset`: memory before it may go. It can be read again. */
void dp_map_read_past(struct dp_map *map, size_t offset);

void dp_map_close(struct dp_map *map);

void dp_map_guard(void);

#endif
