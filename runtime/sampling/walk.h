/*
 * The stack walk: from a thread's registers to the addresses of its frames.
 *
 * Called by the steward for a thread that stands still, and by the signal handler for its
 * own thread. No lock, no allocation, no system call of its own (a reader may make one),
 * async-signal-safe, bounded work. Any number of threads at the same time.
 *
 * It reads the process's memory only through the reader, and only where a stack may be; so
 * a stack that is corrupt, endless or gone ends the walk and nothing else.
 */
#ifndef DP_WALK_H
#define DP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/stack.h"

/* A register whose value is not known: a thread that waits in the kernel shows its
 * instruction and stack pointer and nothing else. */
#define DP_REGISTER_UNKNOWN UINT64_MAX

struct dp_registers {
    uint64_t pc, sp;
    uint64_t fp;         /* rbp, x29; or DP_REGISTER_UNKNOWN */
    const void *context; /* the ucontext_t that they are from, for the other registers; or NULL */
};

/* The registers of an interrupted thread: `context` is what the signal handler was given. */
void dp_walk_from_context(struct dp_registers *registers, const void *context);

/* Reads `bytes` of the process's own memory at `address` without a fault. False: it cannot. */
typedef bool dp_walk_read(void *context, uint64_t address, void *to, size_t bytes);

/*
 * The frames of a stack, innermost first, into frames[0..max): each an address inside the
 * instruction that executes or calls there (a return address less one). Returns how many;
 * *flags: DP_STACK_*. The first is there whatever happens, where max > 0.
 */
uint32_t dp_walk(const struct dp_registers *from, dp_walk_read *read, void *context,
                 uint64_t *frames, uint32_t max, uint32_t *flags);

#endif
