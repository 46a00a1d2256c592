/*
 * Readers of memory for dp_walk().
 *
 * `direct` is for the thread's own signal handler: plain loads inside a range that is known to be
 * mapped as long as the handler runs, and the window outside of it. `window` is for everything
 * else: it asks the kernel, which refuses where nothing is mapped, for some KB at a time.
 */
#ifndef DP_READERS_H
#define DP_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_WINDOW_BYTES 2048

/* `bytes` 0 to begin with. It lives for one walk: memory that changed since is not read again. */
struct dp_window {
    uint64_t address;
    size_t bytes;   /* valid from `address` on */
    uint32_t reads; /* system calls that were made for it */
    _Alignas(8) uint8_t data[DP_WINDOW_BYTES];
};

/* A dp_walk_read; `context` is a struct dp_window. Async-signal-safe. */
bool dp_read_window(void *context, uint64_t address, void *to, size_t bytes);

/* [low, high): from the thread's stack pointer to the end of its stack. */
struct dp_direct {
    uint64_t low, high;
    struct dp_window *outside; /* NULL: nothing outside is read */
};

/* A dp_walk_read; `context` is a struct dp_direct. Async-signal-safe. */
bool dp_read_direct(void *context, uint64_t address, void *to, size_t bytes);

#endif
