/* See log_window.h. */
#include "log_window.h"

#include <stdlib.h>

#include "base/memory.h"

#define STEP_BYTES 65536
#define HOLE_BYTES 4096

/* A record that is longer than a window: read all that is left, up to the next hole, since the
 * last text of a record ends there. */
static uint64_t all_of_it(struct dp_file *file, uint64_t at, uint64_t from, uint64_t end)
{
    uint64_t hole = dp_file_hole_from(file, from);

    return (hole < end && end - hole > HOLE_BYTES ? hole + HOLE_BYTES : end) - at;
}

bool dp_window_load(struct dp_window *window, struct dp_file *file, uint64_t at, uint64_t end,
                    int *error)
{
    uint64_t held = window->from == at ? window->to - at : 0;
    uint64_t size = end > at ? end - at : 0;

    *error = 0;
    if (size <= held || held > STEP_BYTES)
        return false;
    if (held == STEP_BYTES)
        size = all_of_it(file, at, window->to, end);
    else if (size > STEP_BYTES)
        size = STEP_BYTES;
    if (size != window->size) {
        /* Allocated with exactly that size, so that sanitizers notice a read behind it. */
        dp_window_finish(window);
        window->bytes = dp_allocate(1, (size_t)size);
        window->size = (size_t)size;
    }
    int64_t got = dp_file_read(file, window->bytes, (size_t)size, at);
    *error = got < 0 ? (int)got : 0;
    window->from = at;
    window->to = at + (got < 0 ? 0 : (uint64_t)got);
    return window->to > at + held;
}

void dp_window_finish(struct dp_window *window)
{
    free(window->bytes);
    *window = (struct dp_window){0};
}
