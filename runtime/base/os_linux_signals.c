/* os.h on Linux: the calling thread's signals. */
#include "os.h"
#include "arch/call_out.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The raw call also blocks the two signals that libc keeps for itself
 * (cancellation, setuid): the kernel's mask is 64 bits. */
void dp_os_block_signals(struct dp_os_signals *saved)
{
    uint64_t all = DP_SIGNALS_BLOCKED;
    syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &all, &saved->mask, sizeof all);
}

void dp_os_restore_signals(const struct dp_os_signals *saved)
{
    syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &saved->mask, NULL, sizeof saved->mask);
}

void dp_os_let_host_in(struct dp_os_signals *ours)
{
    uint64_t hosts;
    dp_os_block_signals(ours);
    if (dp_call_out_hosts_signals(&hosts))
        dp_os_restore_signals(&(struct dp_os_signals){hosts});
    else
        dp_os_restore_signals(ours);
}

void dp_os_shut_host_out(const struct dp_os_signals *ours)
{
    dp_os_restore_signals(ours);
}

void dp_os_signal_stack(uintptr_t *low, size_t *bytes)
{
    stack_t stack;
    *low = *bytes = 0;
    if (sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_ONSTACK) {
        *low = (uintptr_t)stack.ss_sp;
        *bytes = stack.ss_size;
    }
}

void dp_os_signal_again(int signal, void *info)
{
    syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
}
