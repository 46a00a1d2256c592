/*
 * What the stack walk knows of a processor: a table of numbers, and what only code can say.
 * One file each, processor_*.c; nothing else of sampling/ knows which processor it is.
 */
#ifndef DP_PROCESSOR_H
#define DP_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_NO_REGISTER 255

struct dp_processor {
    uint16_t machine; /* e_machine of its ELF files */
    /* DWARF's numbers. `base` is one more register that is followed from frame to frame. */
    uint8_t sp, fp, base, ra;
    uint8_t pc;             /* as expressions call it; DP_NO_REGISTER: they do not */
    uint8_t pair_to_caller; /* bytes from where the frame pointer points to the caller's sp */
    uint8_t least_frame;    /* bytes of the smallest frame of code that calls */
};

extern const struct dp_processor dp_processor;

/* The address where the kernel saved a register (DWARF's number, `pc`: PROGRAM_COUNTER) in the
 * ucontext_t at `context`; 0: it has none of that number. */
#define DP_PROGRAM_COUNTER 254
uint64_t dp_processor_saved_at(uint64_t context, unsigned number);

/* A return address as it lies on the stack, without what the processor signs it with. */
uint64_t dp_processor_plain(uint64_t return_address);

/*
 * Code that a signal handler returns to: DP_PROCESSOR_RETURN_BYTES at its program counter. The
 * ucontext_t lies at sp + *context_offset then.
 */
#define DP_PROCESSOR_RETURN_BYTES 9
bool dp_processor_is_signal_return(const uint8_t code[DP_PROCESSOR_RETURN_BYTES],
                                   uint64_t *context_offset);

/*
 * The DP_PROCESSOR_CALL_BYTES before a return address: a call? *target: where it goes to, 0
 * where that is in a register or in memory.
 */
#define DP_PROCESSOR_CALL_BYTES 8
bool dp_processor_is_call(const uint8_t code[DP_PROCESSOR_CALL_BYTES], uint64_t return_address,
                          uint64_t *target);

/*
 * A function's first bytes: when it sets up a frame pointer there, true, and how far below that
 * its stack pointer is afterwards, at least.
 */
#define DP_PROCESSOR_ENTRY_BYTES 48
bool dp_processor_frame_size(const uint8_t code[DP_PROCESSOR_ENTRY_BYTES], uint64_t *below_fp);

/* What a jump through a word of memory begins with, as a stub that finds a function does: it
 * leaves the stack alone. */
#define DP_PROCESSOR_JUMP_BYTES 6
bool dp_processor_is_stub(const uint8_t code[DP_PROCESSOR_JUMP_BYTES]);

#endif
