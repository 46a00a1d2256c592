/*
 * dp_deep(): out of the hot path, into ordinary code, on a stack of ours.
 *
 * Called at any point of the host: in a thread with the smallest stack there is,
 * on a signal handler's, with vector registers live. Compiled like enter.c. What
 * is called runs with signals blocked: no handler may longjmp out of it while
 * files and mappings are half changed, nor a cancellation unwind it.
 */
#include "deep.h"

#if DP_HAVE_THUNKS

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>

#ifdef DP_HAVE_VALGRIND
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* One for each thread that is down here at the same time. Further ones stay on
 * their own: that it is too small for it will not happen to nine at once. */
#define STACKS 8
#define STACK_BYTES 65536

static _Alignas(64) char stacks[STACKS][STACK_BYTES];
static unsigned char taken[STACKS];

/* Valgrind would warn of the change of stacks, though no error comes of it: there
 * every thread keeps its own. */
void dp_deep_init(void)
{
    for (int i = 0; i < STACKS; i++)
        taken[i] = RUNNING_ON_VALGRIND != 0;
}

void dp_deep_reset(void)
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

/* rt_sigprocmask, without libc, which knows nothing of our registers. */
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

/* Signals are blocked before, so that no handler of the host finds itself on a
 * stack that it does not know. */
uint64_t dp_deep(dp_deep_function *function, void *a, uintptr_t b, uintptr_t c)
{
    const uint64_t all = ~(UINT64_C(1) << (SIGBUS - 1)); /* that one is ours: bus.h */
    uint64_t saved;
    set_signals(SIG_BLOCK, &all, &saved);
    int i = take_stack();
    uint64_t value = dp_deep_on(i < 0 ? NULL : stacks[i] + STACK_BYTES, function, a, b, c);
    if (i >= 0)
        __atomic_store_n(&taken[i], 0, __ATOMIC_RELEASE);
    set_signals(SIG_SETMASK, &saved, NULL);
    return value;
}

uint64_t dp_deep_quick(dp_deep_function *function, void *a, uintptr_t b, uintptr_t c)
{
    return dp_deep_on(NULL, function, a, b, c);
}

#else

#include "base/os.h"

uint64_t dp_deep(dp_deep_function *function, void *a, uintptr_t b, uintptr_t c)
{
    struct dp_os_signals saved;
    dp_os_block_signals(&saved);
    uint64_t value = function(a, b, c);
    dp_os_restore_signals(&saved);
    return value;
}

#endif
