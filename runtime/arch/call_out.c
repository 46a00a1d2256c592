/*
 * See call_out.h. Called in a thread that may have the smallest possible stack, on a signal
 * handler's stack, with vector registers live. Compiled like enter.c.
 *
 * The called function runs with signals blocked, for two reasons. While files and mappings
 * are half changed, no handler may longjmp out of it and no cancellation may unwind it. And
 * no handler of the host must find itself on a stack that the host does not know.
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

/* True if `saved` is the host's mask. It is our own mask if a handler of SIGSYS calls out
 * while another call out is running. */
static bool keep_outermost(uint64_t saved)
{
    const uint64_t never = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1);
    const uint64_t ours = DP_SIGNALS_BLOCKED & ~never; /* the layout that the kernel uses */
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

/* One stack for each thread that is calling out. If all eight are in use, a further thread
 * stays on its own stack: we do not expect nine such threads at once, of which the ninth
 * has too small a stack. */
#define STACKS 8
#define STACK_BYTES 65536

static _Alignas(64) char stacks[STACKS][STACK_BYTES];
static unsigned char taken[STACKS];

/* Under Valgrind every thread stays on its own stack: Valgrind would warn of the change. */
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

/* The only system call that is not behind base/os.h. Neither libc nor os.h may be called at
 * this point, since they do not preserve our registers and the stack may be too small. */
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
