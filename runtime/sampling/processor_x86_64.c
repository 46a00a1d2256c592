/* See processor.h: x86-64. Numbers of the System V ABI's supplement, figure 3.36. */
#include "processor.h"

#if defined __x86_64__

#include <string.h>
#include <ucontext.h>

const struct dp_processor dp_processor = {
    .machine = 62, .sp = 7, .fp = 6, .base = 3 /* rbx */, .ra = 16, .pc = 16,
    .pair_to_caller = 16, .least_frame = 8,
};

uint64_t dp_processor_saved_at(uint64_t context, unsigned number)
{
    static const uint8_t at[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                 REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                 REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    const size_t general = offsetof(ucontext_t, uc_mcontext.gregs);
    if (number == DP_PROGRAM_COUNTER)
        number = dp_processor.pc;
    return number < sizeof at ? context + general + at[number] * sizeof(greg_t) : 0;
}

uint64_t dp_processor_plain(uint64_t return_address)
{
    return return_address;
}

/* mov $15, %eax (or %rax); syscall. The handler's `ret` has popped the return address, so the
 * stack pointer is at the ucontext_t. */
bool dp_processor_is_signal_return(const uint8_t code[DP_PROCESSOR_RETURN_BYTES],
                                   uint64_t *context_offset)
{
    static const uint8_t in_rax[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};
    static const uint8_t in_eax[] = {0xb8, 15, 0, 0, 0, 0x0f, 0x05};
    *context_offset = 0;
    return memcmp(code, in_rax, sizeof in_rax) == 0 || memcmp(code, in_eax, sizeof in_eax) == 0;
}

/* call *..., of each length that an operand can have: FF /2. */
static bool is_indirect_call(const uint8_t *end)
{
    for (int length = 2; length <= 7; length++) {
        const uint8_t *op = end - length;
        if (op[0] != 0xff || (op[1] & 0x38) != 0x10)
            continue;
        unsigned mode = op[1] >> 6, operand = op[1] & 7;
        bool has_sib = mode != 3 && operand == 4;
        int displacement = mode == 1 ? 1 : mode == 2 || (mode == 0 && operand == 5) ? 4 : 0;
        if (mode == 0 && has_sib && length > 2 && (op[2] & 7) == 5)
            displacement = 4;
        if (length == 2 + has_sib + displacement)
            return true;
    }
    return false;
}

bool dp_processor_is_call(const uint8_t code[DP_PROCESSOR_CALL_BYTES], uint64_t return_address,
                          uint64_t *target)
{
    int32_t distance;
    const uint8_t *end = code + DP_PROCESSOR_CALL_BYTES;
    *target = 0;
    if (end[-5] == 0xe8) { /* call rel32 */
        memcpy(&distance, end - 4, sizeof distance);
        *target = return_address + (uint64_t)(int64_t)distance;
        return true;
    }
    return is_indirect_call(end);
}

static bool take(const uint8_t **at, const uint8_t *end, const void *code, size_t bytes)
{
    if ((size_t)(end - *at) < bytes || memcmp(*at, code, bytes) != 0)
        return false;
    *at += bytes;
    return true;
}

/* The length of a push of a register; 0: another instruction. */
static size_t push_bytes(const uint8_t *at, const uint8_t *end)
{
    size_t prefix = at < end && *at == 0x41;
    return at + prefix < end && (at[prefix] & 0xf8) == 0x50 ? 1 + prefix : 0;
}

/* endbr64; push %rbp; mov %rsp,%rbp; push...; sub $N,%rsp. */
bool dp_processor_frame_size(const uint8_t code[DP_PROCESSOR_ENTRY_BYTES], uint64_t *below_fp)
{
    const uint8_t *at = code, *end = code + DP_PROCESSOR_ENTRY_BYTES;
    *below_fp = 0;
    take(&at, end, "\xf3\x0f\x1e\xfa", 4);
    if (!take(&at, end, "\x55", 1) ||
        !(take(&at, end, "\x48\x89\xe5", 3) || take(&at, end, "\x48\x8b\xec", 3)))
        return false;
    for (size_t bytes; (bytes = push_bytes(at, end)) != 0; at += bytes)
        *below_fp += 8;
    uint32_t wide = 0;
    if (take(&at, end, "\x48\x83\xec", 3) && at < end) {
        *below_fp += (uint64_t)(int64_t)(int8_t)*at;
    } else if (take(&at, end, "\x48\x81\xec", 3) && end - at >= 4) {
        memcpy(&wide, at, sizeof wide);
        *below_fp += wide;
    }
    return true;
}

/* jmp *disp32(%rip), with or without endbr64 or the prefix bnd in front. */
bool dp_processor_is_stub(const uint8_t code[DP_PROCESSOR_JUMP_BYTES])
{
    return memcmp(code, "\xff\x25", 2) == 0 || memcmp(code, "\xf2\xff\x25", 3) == 0 ||
           memcmp(code, "\xf3\x0f\x1e\xfa\xff\x25", 6) == 0;
}

#endif
