/*
 * /proc/self/maps, line by line. For mapped.c; allocates nothing, takes no lock.
 */
#ifndef DP_MAPS_H
#define DP_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_mapping {
    uint64_t start, end, offset, inode;
    uint32_t device_major, device_minor;
    bool is_readable, is_executable;
    const char *path; /* not NUL-terminated; "" for memory of no file */
    size_t path_bytes;
};

/* Longer lines are left out. */
#define DP_MAPS_BUFFER_BYTES 16384

/* Calls `each` for every mapping, in ascending order; it is valid during that call only. Returns
 * how many, or -errno when the kernel does not show them. */
int64_t dp_maps_read(char buffer[DP_MAPS_BUFFER_BYTES],
                     void (*each)(void *context, const struct dp_mapping *), void *context);

/* Parses one line, without its newline. False: it describes no mapping. */
bool dp_maps_line(const char *line, size_t bytes, struct dp_mapping *mapping);

#endif
