/*
 * The bytes of a file from one place on, as many as are worth reading at a time.
 *
 * Used by the cursor and by log_packet.c to decode records. Holds committed bytes
 * only, which no writer changes: what was read stays true.
 */
#ifndef DP_TOOLS_LOG_WINDOW_H
#define DP_TOOLS_LOG_WINDOW_H

#include <stdbool.h>

#include "file.h"

struct dp_window {
    uint8_t *bytes; /* of the file, [from, to) */
    size_t size;    /* allocated */
    uint64_t from;
    uint64_t to;
};

/*
 * Reads on: from `at`, at most to `end`. When the window begins there already, it
 * did not hold enough: it grows, once beyond the usual size, to all that a record
 * can have, up to `end` or into the next hole. False: there is no more, or -errno in
 * `error`.
 */
bool dp_window_load(struct dp_window *window, struct dp_file *file, uint64_t at, uint64_t end,
                    int *error);

void dp_window_finish(struct dp_window *window);

#endif
