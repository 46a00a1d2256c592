/*
 * A small file of a log as a whole: metadata, state.
 *
 * Used by log_open.c, log_state.c and `recover`. A copy: what happens to the file
 * afterwards does not change it.
 */
#ifndef DP_TOOLS_CONTENTS_H
#define DP_TOOLS_CONTENTS_H

#include <stddef.h>
#include <stdint.h>

struct dp_contents {
    uint8_t *bytes;      /* `size` bytes; NULL if there are none */
    size_t size;         /* that were read */
    uint64_t file_bytes; /* of the file */
};

/* At most `most` bytes. Holes take no memory. 0 or -errno. */
int dp_contents_read(struct dp_contents *contents, const char *path, size_t most);
void dp_contents_free(struct dp_contents *contents);

#endif
