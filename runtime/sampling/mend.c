/* See mend.h. */
#include "mend.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "arch/rest_of_transfer.h"
#include "base/os.h"
#include "processor.h"
#include "view.h"

#if defined __x86_64__

#define LOOKED_AT 35 /* bytes in front of where the thread goes on */
#define MOST_CALLS 1024
#define NOT_KNOWN UINT64_MAX

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

static bool is_behind_syscall(uint64_t pc)
{
    const unsigned char *code = (const unsigned char *)(uintptr_t)pc - 2;
    return can_look_before(pc) && code[0] == 0x0f && code[1] == 0x05;
}

static uint64_t word_at(uint64_t address)
{
    uint64_t word;
    memcpy(&word, (const void *)(uintptr_t)address, sizeof word);
    return word;
}

/* glibc 2.41 makes all calls in which a thread can be cancelled in one place, once there is more
 * than one thread: __syscall_cancel_arch, which overwrites the number. It is the seventh argument
 * of its caller, so it lies where that function's frame begins. */
static uint64_t number_in_frame_above(uint64_t sp)
{
    uint64_t number = NOT_KNOWN, caller = word_at(sp), callers_sp = sp + 8;
    struct dp_code code = dp_view_find(dp_view_enter(), caller - 1);
    if (code.rule && dp_rule_cfa_form(code.rule) == DP_CFA_REGISTER &&
        DP_PACKED_NUMBER(code.rule->cfa) == dp_processor.sp)
        number = word_at(callers_sp + (uint64_t)(int64_t)code.rule->cfa_offset);
    dp_view_leave();
    return number;
}

/* The number of the call that the thread has returned from, by the code in front of `syscall`:
 * nothing else has kept it. NOT_KNOWN: the code has no form that we know. */
static uint64_t number_of_call(const greg_t *general)
{
    static const unsigned char cancelled[] = {
        0x49, 0x89, 0xfb, 0x48, 0x89, 0xf0, 0x48, 0x89, 0xd7, 0x48, 0x89, 0xce, 0x4c, 0x89,
        0xc2, 0x4d, 0x89, 0xca, 0x4c, 0x8b, 0x44, 0x24, 0x08, 0x4c, 0x8b, 0x4c, 0x24, 0x10,
        0x4c, 0x89, 0x5c, 0x24, 0x08};
    const unsigned char *call = (const unsigned char *)(uintptr_t)general[REG_RIP] - 2;
    uint64_t number = NOT_KNOWN, sp = (uint64_t)general[REG_RSP];
    uint32_t loaded;
    if (call[-5] == 0xb8) { /* mov $NUMBER, %eax */
        memcpy(&loaded, call - 4, sizeof loaded);
        number = loaded;
    } else if (memcmp(call - 5, "\x48\x8b\x44\x24", 4) == 0) { /* mov OFFSET(%rsp), %rax */
        number = word_at(sp + (uint64_t)(int64_t)(int8_t)call[-1]);
    } else if (memcmp(call - sizeof cancelled, cancelled, sizeof cancelled) == 0) {
        number = number_in_frame_above(sp);
    } else if (call[-2] == 0x31 && call[-1] == 0xc0) { /* xor %eax, %eax: read() */
        number = SYS_read;
    }
    return number < MOST_CALLS ? number : NOT_KNOWN;
}

static bool hosts_signal_waits(const ucontext_t *interrupted)
{
    uint64_t blocked;
    memcpy(&blocked, &interrupted->uc_sigmask, sizeof blocked);
    return dp_os_signal_waits(blocked);
}

/* Linux has closed the descriptor when close() ends with EINTR, and another thread may have the
 * number by now. */
static bool can_be_repeated(uint64_t number)
{
    return number != NOT_KNOWN && number != SYS_close;
}

static enum dp_mended repeat_wait(ucontext_t *interrupted)
{
    greg_t *general = interrupted->uc_mcontext.gregs;
    if (!is_behind_syscall((uint64_t)general[REG_RIP]))
        return DP_MEND_NOTHING;
    if (hosts_signal_waits(interrupted))
        return DP_MEND_LEFT;
    uint64_t number = number_of_call(general);
    if (!can_be_repeated(number))
        return DP_NOT_MENDED;
    general[REG_RAX] = (greg_t)number;
    general[REG_RIP] -= 2;
    return DP_MENDED;
}

/* The number of the call that the thread is just behind, when it is a transfer from a buffer
 * in rsi of rdx bytes, or into one. A system call leaves its own return address in rcx: so the
 * thread has not come here by another way. */
static uint64_t number_of_transfer(const greg_t *general)
{
    if (general[REG_RCX] != general[REG_RIP] || !is_behind_syscall((uint64_t)general[REG_RIP]))
        return NOT_KNOWN;
    uint64_t number = number_of_call(general);
    bool waits_for_all = (general[REG_R10] & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL;
    bool is_one = number == SYS_write || number == SYS_sendto ||
                  (number == SYS_recvfrom && waits_for_all);
    return is_one ? number : NOT_KNOWN;
}

static enum dp_mended go_on_with_transfer(ucontext_t *interrupted)
{
    greg_t *general = interrupted->uc_mcontext.gregs;
    bool again = general[REG_RIP] == (greg_t)(uintptr_t)dp_rest_returns;
    uint64_t number = again ? 0 : number_of_transfer(general);
    if (number == NOT_KNOWN)
        return DP_MEND_NOTHING;
    if (hosts_signal_waits(interrupted))
        return DP_MEND_LEFT;
    if (again) {
        general[REG_RIP] = (greg_t)(uintptr_t)dp_rest_cut_short;
    } else {
        general[REG_R11] = (greg_t)number;
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
