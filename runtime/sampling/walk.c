/* See walk.h. */
#include "walk.h"

#include <ucontext.h>

/* No frame is larger; nor does a chain of frame pointers leave its stack for one that is
 * further away. */
#define LARGEST_FRAME (UINT64_C(64) << 20)

void dp_walk_from_context(struct dp_registers *registers, const void *context)
{
    const ucontext_t *interrupted = context;
#if defined __x86_64__
    const greg_t *general = interrupted->uc_mcontext.gregs;
    *registers = (struct dp_registers){(uint64_t)general[REG_RIP], (uint64_t)general[REG_RSP],
                                       (uint64_t)general[REG_RBP], context};
#elif defined __aarch64__
    *registers = (struct dp_registers){interrupted->uc_mcontext.pc, interrupted->uc_mcontext.sp,
                                       interrupted->uc_mcontext.regs[29], context};
#else
    (void)interrupted;
    *registers = (struct dp_registers){0, 0, DP_REGISTER_UNKNOWN, context};
#endif
}

/* Of a frame pointer: the caller's one lies there, and above it the return address. */
static bool step(struct dp_registers *at, dp_walk_read *read, void *context, uint32_t *flags)
{
    uint64_t pair[2];
    if (at->fp == 0)
        return false;
    *flags |= DP_STACK_GUESSED;
    if (at->fp == DP_REGISTER_UNKNOWN) {
        *flags |= DP_STACK_NO_RULE;
        return false;
    }
    if (at->fp % 8 || at->fp < at->sp || at->fp - at->sp > LARGEST_FRAME) {
        *flags |= DP_STACK_CORRUPT;
        return false;
    }
    if (!read(context, at->fp, pair, sizeof pair)) {
        *flags |= DP_STACK_UNREADABLE;
        return false;
    }
    at->sp = at->fp + sizeof pair;
    at->fp = pair[0];
    at->pc = pair[1];
    return at->pc != 0;
}

uint32_t dp_walk(const struct dp_registers *from, dp_walk_read *read, void *context,
                 uint64_t *frames, uint32_t max, uint32_t *flags)
{
    struct dp_registers at = *from;
    uint32_t count = 0;
    *flags = 0;
    if (max)
        frames[count++] = at.pc;
    while (step(&at, read, context, flags)) {
        if (count == max) {
            *flags |= DP_STACK_CUT;
            break;
        }
        frames[count++] = at.pc - 1;
    }
    return count;
}
