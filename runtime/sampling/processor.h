/*
 * What differs between processors for the stack walk: a table of numbers, and a few functions.
 * There is one processor_*.c for each; no other file of sampling/ depends on the processor.
 */
#ifndef DP_PROCESSOR_H
#define DP_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_NO_REGISTER 255

struct dp_processor {
    uint16_t machine; /* e_machine of its ELF files */
    /* DWARF's register numbers. `base` is another register that the walk follows. */
    uint8_t sp, fp, base, ra;
    uint8_t pc;             /* its number in expressions; DP_NO_REGISTER: none */
    uint8_t pair_to_caller; /* bytes from the frame pointer to the caller's sp */
    uint8_t least_frame;    /* bytes of the smallest frame of a function that calls */
};

extern const struct dp_processor dp_processor;

/* Where in the ucontext_t at `context` the kernel saved the register `number` (DWARF's, or
 * DP_PROGRAM_COUNTER): its address; 0: there is no such register. */
#define DP_PROGRAM_COUNTER 254
uint64_t dp_processor_saved_at(uint64_t context, unsigned number);

/* The registers of the function that this stands in, at this point. */
#if defined __x86_64__
#define dp_processor_here(pc, sp, fp)                                                            \
    __asm__ volatile("lea 0f(%%rip), %0\n0:\tmov %%rsp, %1\n\tmov %%rbp, %2"                    \
                     : "=r"(*(pc)), "=r"(*(sp)), "=r"(*(fp)))
#else
#define dp_processor_here(pc, sp, fp)                                                            \
    __asm__ volatile("adr %0, 0f\n0:\tmov %1, sp\n\tmov %2, x29"                                \
                     : "=r"(*(pc)), "=r"(*(sp)), "=r"(*(fp)))
#endif

/* A return address without the bits with which the processor signed it. */
uint64_t dp_processor_plain(uint64_t return_address);

/* Whether `code` is what a signal handler returns to. Then the ucontext_t lies at
 * sp + *context_offset. */
#define DP_PROCESSOR_RETURN_BYTES 9
bool dp_processor_is_signal_return(const uint8_t code[DP_PROCESSOR_RETURN_BYTES],
                                   uint64_t *context_offset);

/* Whether the bytes before a return address are a call. *target: the function that it calls, 0
 * when the address comes from a register or from memory. */
#define DP_PROCESSOR_CALL_BYTES 8
bool dp_processor_is_call(const uint8_t code[DP_PROCESSOR_CALL_BYTES], uint64_t return_address,
                          uint64_t *target);

/* Whether a function's first bytes set up a frame pointer. *below_fp: how far below it the stack
 * pointer is afterwards, at least. */
#define DP_PROCESSOR_ENTRY_BYTES 48
bool dp_processor_frame_size(const uint8_t code[DP_PROCESSOR_ENTRY_BYTES], uint64_t *below_fp);

/* Whether `code` is a jump through a word in memory, as in a PLT entry. Such a stub does not
 * touch the stack. */
#define DP_PROCESSOR_JUMP_BYTES 6
bool dp_processor_is_stub(const uint8_t code[DP_PROCESSOR_JUMP_BYTES]);

#endif
