/* See mend.h. */
#include "mend.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "base/os.h"
#include "view.h"

#if defined __x86_64__

#define LOOKED_AT 7 /* bytes in front of where the thread goes on */

/* The bytes in front of `pc` lie on its own page, or in code that the view knows. Any value may be
 * in the result's register, also where the page before is not mapped. */
static bool can_look_before(uint64_t pc)
{
    if (pc % 4096 >= LOOKED_AT)
        return true;
    bool is_known = dp_view_find(dp_view_enter(), pc - LOOKED_AT).is_known;
    dp_view_leave();
    return is_known;
}

/* The length of the instruction before `syscall` that loads the call's number; 0: it is none
 * that we know. */
static unsigned length_of_load(const unsigned char *syscall)
{
    if (syscall[-5] == 0xb8) /* mov $NUMBER, %eax */
        return 5;
    if (syscall[-2] == 0x31 && syscall[-1] == 0xc0) /* xor %eax, %eax: read() */
        return 2;
    return 0;
}

enum dp_mended dp_mend(void *context)
{
    ucontext_t *interrupted = context;
    greg_t *general = interrupted->uc_mcontext.gregs;
    uint64_t blocked, pc = (uint64_t)general[REG_RIP];
    if (general[REG_RAX] != -EINTR || !can_look_before(pc))
        return DP_MEND_NOTHING;
    const unsigned char *code = (const unsigned char *)(uintptr_t)pc - 2;
    if (code[0] != 0x0f || code[1] != 0x05)
        return DP_MEND_NOTHING;
    memcpy(&blocked, &interrupted->uc_sigmask, sizeof blocked);
    if (dp_os_signal_waits(blocked))
        return DP_MEND_LEFT;
    unsigned back = length_of_load(code);
    if (!back)
        return DP_NOT_MENDED;
    general[REG_RIP] -= 2 + (greg_t)back;
    return DP_MENDED;
}

#else

/* The result may have overwritten the first argument, where both use one register. */
enum dp_mended dp_mend(void *context)
{
    (void)context;
    return DP_MEND_NOTHING;
}

#endif
