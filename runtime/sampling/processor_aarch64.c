/* See processor.h: aarch64. Numbers of the "DWARF for the Arm 64-bit Architecture" document. */
#include "processor.h"

#if defined __aarch64__

#include <string.h>
#include <ucontext.h>

const struct dp_processor dp_processor = {
    .machine = 183, .sp = 31, .fp = 29, .base = DP_NO_REGISTER, .ra = 30, .pc = DP_NO_REGISTER,
    .pair_to_caller = 16, .least_frame = 0, /* a leaf has its return address in x30 */
};

uint64_t dp_processor_saved_at(uint64_t context, unsigned number)
{
    if (number == DP_PROGRAM_COUNTER)
        return context + offsetof(ucontext_t, uc_mcontext.pc);
    if (number == 31)
        return context + offsetof(ucontext_t, uc_mcontext.sp);
    return number < 31 ? context + offsetof(ucontext_t, uc_mcontext.regs) + 8 * number : 0;
}

/* Pointer authentication puts its code above the 48 bits of an address of user space. */
uint64_t dp_processor_plain(uint64_t return_address)
{
    return return_address & ((UINT64_C(1) << 48) - 1);
}

/* mov x8, #139; svc #0. The kernel's frame has a siginfo_t of 128 bytes in front. */
bool dp_processor_is_signal_return(const uint8_t code[DP_PROCESSOR_RETURN_BYTES],
                                   uint64_t *context_offset)
{
    static const uint8_t returns[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};
    *context_offset = 128;
    return memcmp(code, returns, sizeof returns) == 0;
}

/* bl; blr and its authenticating forms. */
bool dp_processor_is_call(const uint8_t code[DP_PROCESSOR_CALL_BYTES], uint64_t return_address,
                          uint64_t *target)
{
    uint32_t word;
    memcpy(&word, code + DP_PROCESSOR_CALL_BYTES - sizeof word, sizeof word);
    *target = 0;
    if ((word & 0xfc000000) == 0x94000000) {
        int64_t distance = (int32_t)(word << 6) >> 4; /* 26 bits, in instructions */
        *target = return_address - 4 + (uint64_t)distance;
        return true;
    }
    return (word & 0xfffffc1f) == 0xd63f0000 || (word & 0xfefff800) == 0xd63f0800;
}

/* [paciasp;] stp x29, x30, [sp, #-N]!; mov x29, sp: the frame pointer is the stack pointer. */
bool dp_processor_frame_size(const uint8_t code[DP_PROCESSOR_ENTRY_BYTES], uint64_t *below_fp)
{
    uint32_t word[4];
    memcpy(word, code, sizeof word);
    unsigned at = word[0] == 0xd503233f || word[0] == 0xd503245f || word[0] == 0xd503249f;
    *below_fp = 0;
    return (word[at] & 0xffc07fff) == 0xa9807bfd && word[at + 1] == 0x910003fd;
}

/* Not needed: the return address is in the link register. */
bool dp_processor_is_stub(const uint8_t code[DP_PROCESSOR_JUMP_BYTES])
{
    (void)code;
    return false;
}

#endif
