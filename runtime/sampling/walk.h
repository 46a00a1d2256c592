/*
 * The stack walk: from a thread's registers to the addresses of its frames.
 *
 * The steward calls it for a thread that does not run, the signal handler for its own thread.
 * It takes no lock, allocates nothing, makes no system call itself (a reader may), and its work
 * is bounded. It is async-signal-safe, and any number of threads may walk at the same time.
 *
 * It reads the process's memory only through the reader. So a stack that is corrupt, endless or
 * unmapped ends the walk and does no other harm.
 */
#ifndef DP_WALK_H
#define DP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/stack.h"

/* A register whose value is not known: of a thread that waits, the kernel shows only the
 * instruction and stack pointers. */
#define DP_REGISTER_UNKNOWN UINT64_MAX

struct dp_registers {
    uint64_t pc, sp;
    uint64_t fp;         /* rbp, x29; or DP_REGISTER_UNKNOWN */
    const void *context; /* the ucontext_t with all registers, or NULL */
};

/* The registers of an interrupted thread; `context` is the signal handler's third argument. */
void dp_walk_from_context(struct dp_registers *registers, const void *context);

/* Reads `bytes` of this process's memory at `address`. False: not readable; it never faults. */
typedef bool dp_walk_read(void *context, uint64_t address, void *to, size_t bytes);

/*
 * Fills in frames[0..max) with the frames of a stack, innermost first. Each is an address inside
 * the instruction that executes or calls there (a return address minus one). Returns how many;
 * sets *flags to DP_STACK_*. With max > 0 there is always at least the innermost frame.
 */
uint32_t dp_walk(const struct dp_registers *from, dp_walk_read *read, void *context,
                 uint64_t *frames, uint32_t max, uint32_t *flags);

#endif
