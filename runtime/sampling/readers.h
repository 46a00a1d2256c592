/*
 * Readers of memory for dp_walk().
 *
 * `direct` is for the thread's own signal handler: it uses plain loads inside a range that stays
 * mapped while the handler runs, and a window outside of it. `window` is for everything else: it
 * lets the kernel copy some KB at a time, which fails without a fault where nothing is mapped.
 */
#ifndef DP_READERS_H
#define DP_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_WINDOW_BYTES 2048

/* `bytes` is 0 at first. Use it for one walk only: it does not see later changes of memory. */
struct dp_window {
    uint64_t address;
    size_t bytes;   /* valid from `address` on */
    uint32_t reads; /* system calls made */
    _Alignas(8) uint8_t data[DP_WINDOW_BYTES];
};

/* A dp_walk_read; `context` is a struct dp_window. Async-signal-safe. */
bool dp_read_window(void *context, uint64_t address, void *to, size_t bytes);

/* [low, high): from the thread's stack pointer to the end of its stack. */
struct dp_direct {
    uint64_t low, high;
    struct dp_window *outside; /* NULL: nothing outside the range is read */
};

/* A dp_walk_read; `context` is a struct dp_direct. Async-signal-safe. */
bool dp_read_direct(void *context, uint64_t address, void *to, size_t bytes);

#endif
