/*
 * See call_out.h.
 *
 * Called in a thread with the smallest stack there is, on a signal handler's, with vector
 * registers live. Compiled like enter.c. What is called runs with signals blocked: no
 * handler may longjmp out of it while files and mappings are half changed, nor a
 * cancellation unwind it; and no handler of the host finds itself on a stack that it does
 * not know.
 */
#include "call_out.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "deep_profile/abi/gate.h"

static DP_INITIAL_EXEC _Thread_local uint64_t hosts_signals;
static DP_INITIAL_EXEC _Thread_local bool hosts_signals_kept;

bool dp_call_out_hosts_signals(uint64_t *mask)
{
    *mask = hosts_signals;
    return hosts_signals_kept;
}

void dp_call_out_keep_hosts_signals(uint64_t mask)
{
    hosts_signals = mask;
    hosts_signals_kept = true;
}

void dp_call_out_forget_hosts_signals(void)
{
    hosts_signals_kept = false;
}

/* True where `saved` is the host's mask. It is ours in a call out that a handler of SIGSYS
 * makes inside another one. */
static bool keep_outermost(uint64_t saved)
{
    const uint64_t never = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1);
    const uint64_t ours = DP_SIGNALS_BLOCKED & ~never; /* as the kernel shows it */
    if (hosts_signals_kept && (saved & ours) == ours)
        return false;
    dp_call_out_keep_hosts_signals(saved);
    return true;
}

static void forget_outermost(bool outermost)
{
    if (outermost)
        hosts_signals_kept = false;
}

#if DP_HAVE_THUNKS

#ifdef DP_HAVE_VALGRIND
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* One for each thread that is calling out at the same time. Further ones stay on their
 * own: nine threads at once, the ninth on a stack that is too small, is not expected. */
#define STACKS 8
#define STACK_BYTES 65536

static _Alignas(64) char stacks[STACKS][STACK_BYTES];
static unsigned char taken[STACKS];

/* Valgrind would warn of the change of stacks, though no error comes of it: there
 * every thread keeps its own. */
void dp_call_out_init(void)
{
    for (int i = 0; i < STACKS; i++)
        taken[i] = RUNNING_ON_VALGRIND != 0;
}

void dp_call_out_reset(void)
{
    if (RUNNING_ON_VALGRIND)
        return;
    for (int i = 0; i < STACKS; i++)
        __atomic_store_n(&taken[i], 0, __ATOMIC_RELAXED);
}

static int take_stack(void)
{
    for (int i = 0; i < STACKS; i++)
        if (!__atomic_load_n(&taken[i], __ATOMIC_RELAXED) &&
            !__atomic_exchange_n(&taken[i], 1, __ATOMIC_ACQUIRE))
            return i;
    return -1;
}

/* The one system call that is not behind base/os.h: at this point neither libc nor os.h
 * may be called, since they know nothing of our registers, and the stack may be too small
 * for them. */
static void set_signals(int how, const uint64_t *set, uint64_t *old)
{
    register uint64_t *old_in_rdx __asm__("rdx") = old;
    register uint64_t bytes_in_r10 __asm__("r10") = sizeof *set;
    long result = SYS_rt_sigprocmask;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(how), "S"(set), "r"(old_in_rdx), "r"(bytes_in_r10)
                     : "rcx", "r11", "memory");
}

uint64_t dp_call_out(dp_out_function *function, void *a, uintptr_t b, uintptr_t c)
{
    const uint64_t all = DP_SIGNALS_BLOCKED;
    uint64_t saved;
    set_signals(SIG_SETMASK, &all, &saved);
    bool outermost = keep_outermost(saved);
    int i = take_stack();
    uint64_t value = dp_call_out_on(i < 0 ? NULL : stacks[i] + STACK_BYTES, function, a, b, c);
    if (i >= 0)
        __atomic_store_n(&taken[i], 0, __ATOMIC_RELEASE);
    forget_outermost(outermost);
    set_signals(SIG_SETMASK, &saved, NULL);
    return value;
}

uint64_t dp_call_out_in_place(dp_out_function *function, void *a, uintptr_t b, uintptr_t c)
{
    return dp_call_out_on(NULL, function, a, b, c);
}

#else

void dp_call_out_init(void)
{
}

void dp_call_out_reset(void)
{
}

static void set_signals(int how, const uint64_t *set, uint64_t *old)
{
    syscall(SYS_rt_sigprocmask, how, set, old, sizeof *set);
}

uint64_t dp_call_out(dp_out_function *function, void *a, uintptr_t b, uintptr_t c)
{
    const uint64_t all = DP_SIGNALS_BLOCKED;
    uint64_t saved;
    set_signals(SIG_SETMASK, &all, &saved);
    bool outermost = keep_outermost(saved);
    uint64_t value = function(a, b, c);
    forget_outermost(outermost);
    set_signals(SIG_SETMASK, &saved, NULL);
    return value;
}

uint64_t dp_call_out_in_place(dp_out_function *function, void *a, uintptr_t b, uintptr_t c)
{
    return function(a, b, c);
}

#endif
