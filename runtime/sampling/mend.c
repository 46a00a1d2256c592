/* See mend.h. */
#include "mend.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "base/os.h"

#if defined __x86_64__

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
    const unsigned char *code = (const unsigned char *)(uintptr_t)general[REG_RIP] - 2;
    uint64_t blocked;
    if (general[REG_RAX] != -EINTR || (uintptr_t)code < 4096 || code[0] != 0x0f || code[1] != 0x05)
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
