/* See mend.h. */
#include "mend.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "arch/arch.h"
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

static bool is_behind_syscall(uint64_t pc)
{
    const unsigned char *code = (const unsigned char *)(uintptr_t)pc - 2;
    return can_look_before(pc) && code[0] == 0x0f && code[1] == 0x05;
}

static bool hosts_signal_waits(const ucontext_t *interrupted)
{
    uint64_t blocked;
    memcpy(&blocked, &interrupted->uc_sigmask, sizeof blocked);
    return dp_os_signal_waits(blocked);
}

static enum dp_mended repeat_wait(ucontext_t *interrupted)
{
    greg_t *general = interrupted->uc_mcontext.gregs;
    uint64_t pc = (uint64_t)general[REG_RIP];
    if (!is_behind_syscall(pc))
        return DP_MEND_NOTHING;
    if (hosts_signal_waits(interrupted))
        return DP_MEND_LEFT;
    unsigned back = length_of_load((const unsigned char *)(uintptr_t)pc - 2);
    if (!back)
        return DP_NOT_MENDED;
    general[REG_RIP] -= 2 + (greg_t)back;
    return DP_MENDED;
}

/* The number of the call that the thread is just behind, when it is a transfer from a buffer
 * in rsi of rdx bytes; 0: it is another, or not known. A system call leaves its own return
 * address in rcx: so the thread has not come here by another way. */
static uint32_t number_of_transfer(const greg_t *general)
{
    uint64_t pc = (uint64_t)general[REG_RIP];
    const unsigned char *call = (const unsigned char *)(uintptr_t)pc - 2;
    uint32_t number;
    if (general[REG_RCX] != general[REG_RIP] || !is_behind_syscall(pc) ||
        length_of_load(call) != 5)
        return 0;
    memcpy(&number, call - 4, sizeof number);
    bool waits_for_all = (general[REG_R10] & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL;
    bool is_one = number == SYS_write || number == SYS_sendto ||
                  (number == SYS_recvfrom && waits_for_all);
    return is_one ? number : 0;
}

static enum dp_mended go_on_with_transfer(ucontext_t *interrupted)
{
    greg_t *general = interrupted->uc_mcontext.gregs;
    bool again = general[REG_RIP] == (greg_t)(uintptr_t)dp_rest_returns;
    uint32_t number = again ? 0 : number_of_transfer(general);
    if (!again && !number)
        return DP_MEND_NOTHING;
    if (hosts_signal_waits(interrupted))
        return DP_MEND_LEFT;
    if (again) {
        general[REG_RIP] = (greg_t)(uintptr_t)dp_rest_cut_short;
    } else {
        general[REG_R11] = number;
        general[REG_RIP] = (greg_t)(uintptr_t)dp_rest_of_transfer;
    }
    return DP_MENDED;
}

enum dp_mended dp_mend(void *context)
{
    ucontext_t *interrupted = context;
    const greg_t *general = interrupted->uc_mcontext.gregs;
    if (general[REG_RAX] == -EINTR)
        return repeat_wait(interrupted);
    bool is_short = general[REG_RAX] > 0 &&
                    (uint64_t)general[REG_RAX] < (uint64_t)general[REG_RDX];
    return is_short ? go_on_with_transfer(interrupted) : DP_MEND_NOTHING;
}

#else

/* The result may have overwritten the first argument, where both use one register. */
enum dp_mended dp_mend(void *context)
{
    (void)context;
    return DP_MEND_NOTHING;
}

#endif
