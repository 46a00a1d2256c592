/* os.h on Linux: threads, their stacks and their signals. */
#include "os.h"
#include "peek.h"
#include "tsan.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef DP_HAVE_VALGRIND
#include <valgrind/drd.h>
#include <valgrind/helgrind.h>
#endif

#define STEWARD_STACK_BYTES (256 * 1024)
#define MAIN_STACK_BYTES ((size_t)128 << 20)

extern void *__libc_stack_end; /* glibc: where the main thread's stack begins */

static pthread_t steward_thread;
static void *(*steward_run)(void *);

#define ALL_BUT_SIGBUS (~(UINT64_C(1) << (SIGBUS - 1)))

/* The raw call also blocks the two signals that libc keeps for itself
 * (cancellation, setuid): the kernel's mask is 64 bits. */
void dp_os_block_signals(struct dp_os_signals *saved)
{
    uint64_t all = ALL_BUT_SIGBUS;
    syscall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, &saved->mask, sizeof all);
}

void dp_os_restore_signals(const struct dp_os_signals *saved)
{
    syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &saved->mask, NULL, sizeof saved->mask);
}

void dp_os_expect_races(volatile void *address, size_t bytes)
{
#ifdef DP_HAVE_VALGRIND
    VALGRIND_HG_DISABLE_CHECKING(address, bytes);
    VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION, address, bytes, 0, 0, 0);
#endif
    (void)address;
    (void)bytes;
}

/* A host's ThreadSanitizer sees nothing of the runtime but its calls of memcpy and
 * the like, without the order that lies between them: it is not to look at all. */
static void *run_unseen(void *unused)
{
#ifndef __SANITIZE_THREAD__
    if (AnnotateIgnoreReadsBegin && AnnotateIgnoreWritesBegin) {
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    }
#endif
    steward_run(unused);
#ifndef __SANITIZE_THREAD__
    if (AnnotateIgnoreReadsEnd && AnnotateIgnoreWritesEnd) {
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    }
#endif
    return NULL;
}

bool dp_os_thread_is_gone(uint32_t tid)
{
    return syscall(SYS_tgkill, getpid(), (int)tid, 0) < 0 && errno == ESRCH;
}

void dp_os_signal_again(int signal, void *info)
{
    syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
}

void dp_os_yield(void)
{
    sched_yield();
}

/*
 * Where glibc keeps a thread's stack (address, then size) in what pthread_self()
 * points to; 0: not found. pthread_getattr_np() would tell, but it allocates, and
 * a thread may be met in a signal handler. So it is asked once, at the start, about
 * the steward, and where that thread keeps the answer is where all do.
 */
static size_t stack_field;

DP_RACES_KNOWN void find_stack_field(pthread_t thread)
{
    pthread_attr_t attributes;
    void *low;
    size_t bytes;
    if (pthread_getattr_np(thread, &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &low, &bytes) == 0) {
        const uintptr_t at = (uintptr_t)thread, high = (uintptr_t)low + bytes;
        const volatile uintptr_t *words = (const volatile uintptr_t *)at;
        size_t count = high - at < bytes ? (high - at) / sizeof *words : 0;
        for (size_t i = 1; i + 1 < count; i++)
            if (words[i] % dp_os_page_bytes() == 0 && at - words[i] < words[i + 1] &&
                words[i] + words[i + 1] == high)
                stack_field = i * sizeof *words;
    }
    pthread_attr_destroy(&attributes);
}

/* Below the main thread's stack the kernel keeps room for it to grow: 128 MB, or
 * its limit. */
static void main_stack(uintptr_t *low, size_t *bytes)
{
    struct rlimit limit = {0, 0};
    getrlimit(RLIMIT_STACK, &limit);
    *bytes = MAIN_STACK_BYTES;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > *bytes)
        *bytes = limit.rlim_cur;
    *low = (uintptr_t)__libc_stack_end - *bytes;
}

void dp_os_stack(uintptr_t *low, size_t *bytes)
{
    uintptr_t thread = (uintptr_t)pthread_self();
    uintptr_t block[2] = {0, 0};
    *low = *bytes = 0;
    if (stack_field)
        memcpy(block, (const char *)thread + stack_field, sizeof block);
    if (stack_field ? block[0] == 0 : dp_os_tid() == dp_os_pid()) {
        main_stack(low, bytes);
    } else if (thread - block[0] < block[1]) {
        *low = block[0];
        *bytes = block[1];
    }
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

int dp_os_thread_start(void *(*run)(void *))
{
    pthread_attr_t attributes;
    struct dp_os_signals saved;
    int error = pthread_attr_init(&attributes);
    if (error)
        return -error;
    pthread_attr_setstacksize(&attributes, STEWARD_STACK_BYTES);
    dp_os_block_signals(&saved);
    uint64_t its_mask = ALL_BUT_SIGBUS; /* whatever the host's thread has blocked */
    syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &its_mask, NULL, sizeof its_mask);
    steward_run = run;
    error = pthread_create(&steward_thread, &attributes, run_unseen, NULL);
    dp_os_restore_signals(&saved);
    pthread_attr_destroy(&attributes);
    if (!error && !stack_field)
        find_stack_field(steward_thread);
    return -error;
}

__attribute__((weak)) void __asan_init(void);
__attribute__((weak)) void __lsan_do_leak_check(void);

/* ThreadSanitizer ends a forked child that starts a thread when its parent had
 * several, and with a steward every parent has. LeakSanitizer, without Address-
 * Sanitizer, takes a thread on the stack of one of the parent's for that one, and
 * waits for its end for ever. */
bool dp_os_child_may_start_threads(void)
{
    return !AnnotateIgnoreReadsBegin && (!__lsan_do_leak_check || __asan_init);
}

void dp_os_thread_join(void)
{
    pthread_join(steward_thread, NULL);
}
