/* os.h on Linux: threads and their stacks. */
#include "os.h"
#include "peek.h"
#include "proc_text.h"
#include "tsan.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif
#ifdef DP_HAVE_VALGRIND
#include <valgrind/drd.h>
#include <valgrind/helgrind.h>
#endif

#define STEWARD_STACK_BYTES ((size_t)256 << 10)
#define STEWARD_STACK_MOST ((size_t)64 << 20) /* the host's thread-local variables lie in it */
#define MAIN_STACK_BYTES ((size_t)128 << 20)
#define START_PATIENCE_NS UINT64_C(2000000000)
#define END_PATIENCE_NS UINT64_C(10000000000)
#define JOIN_PATIENCE_NS UINT64_C(100000000)
#define SLICE_NS UINT64_C(100000) /* the shortest that Linux grants */
#define YIELDS 20
#define SHORTEST_SLEEP_NS UINT64_C(20000)
#define LONGEST_SLEEP_NS UINT64_C(1000000)
#define REFUSED_SLEEP_NS UINT64_C(1000) /* roughly: some system calls */

/* glibc's own name: the one without underscores may be ours, or a sanitizer's. */
int __sigaction(int, const struct sigaction *, struct sigaction *);
extern void *__libc_stack_end; /* glibc: the start of the main thread's stack */

/* How far the thread has come. It stores with release, and the thread that waits for it
 * loads with acquire: so the thread that finishes the log sees what the steward did before
 * ENDED. */
enum progress { NOT_THERE, RUNS, ENDED };
static _Atomic int steward_progress;
static pthread_t steward_thread;
static void *(*steward_run)(void *);

void dp_os_expect_races(volatile void *address, size_t bytes)
{
#ifdef DP_HAVE_VALGRIND
    VALGRIND_HG_DISABLE_CHECKING(address, bytes);
    VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION, address, bytes, 0, 0, 0);
#endif
    (void)address;
    (void)bytes;
}

bool dp_os_thread_is_gone(uint32_t tid)
{
    return syscall(SYS_tgkill, getpid(), (int)tid, 0) < 0 && errno == ESRCH;
}

_Noreturn void dp_os_exit_now(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

void dp_os_yield(void)
{
    sched_yield();
}

/* A field of /proc/self/stat; NULL: not known. */
static const char *stat_field(char text[static 1024], int wanted)
{
    bool known = dp_os_read_file("/proc/self/stat", text, 1024) > 0;
    return known ? dp_proc_stat_field(text, wanted) : NULL;
}

/* The first thread stays as a zombie until the process ends, and counts as one. */
bool dp_os_is_alone(void)
{
    char text[1024];
    const char *state = stat_field(text, 3);
    if (!state || *state != 'Z')
        return false;
    const char *threads = stat_field(text, 20);
    return threads && threads[0] == '2' && threads[1] == ' ';
}

/* Ends the process when no thread of the host is left. If main() has called pthread_exit(),
 * libc calls exit() in this thread: the host's handlers run, with no signal blocked. If the
 * first thread ended by the system call itself, the process gets its status. */
static void leave_as_last(void)
{
    char text[1024];
    const char *status = stat_field(text, 52);
    int code = status ? (int)dp_proc_number(&status) : 0;
    dp_os_restore_signals(&(struct dp_os_signals){0});
    if (code)
        syscall(SYS_exit, code >> 8);
}

/*
 * Where glibc stores a thread's stack (address, then size) in the struct that
 * pthread_self() points to; 0: not found. pthread_getattr_np() would give the stack, but it
 * allocates, and the runtime may meet a thread in a signal handler. So it is called once,
 * at the start, for the steward; the place that holds the answer in that thread's struct
 * holds it for all.
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

/* The kernel reserves room below the main thread's stack for it to grow: 128 MB, or its
 * limit. */
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

uintptr_t dp_os_stack_end(uintptr_t sp)
{
    uintptr_t block[2], end = (uintptr_t)__libc_stack_end;
    if (!stack_field)
        return 0;
    memcpy(block, (const char *)pthread_self() + stack_field, sizeof block);
    if (block[0] == 0) /* the main thread */
        return sp < end && end - sp < MAIN_STACK_BYTES ? end : 0;
    return sp - block[0] < block[1] ? block[0] + block[1] : 0;
}

/* True if the host handles SIGSYS: then a sandbox may send that signal instead of an error,
 * and the host makes or refuses the call itself. If the signal is blocked, the kernel ends
 * the process. */
static bool host_handles_refusals(void)
{
    struct sigaction action;
    return __sigaction(SIGSYS, NULL, &action) == 0 &&
           (action.sa_flags & SA_SIGINFO ||
            (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN));
}

/* The error of a call whose arguments the kernel refuses at once. */
static bool reached_kernel(long result)
{
    return result == -1 && errno == EINVAL;
}

/*
 * Tries the system calls that libc makes when it starts a thread. It makes them in the new
 * thread with every signal blocked, and ends the process if rseq is refused. It tolerates
 * errors of the other two calls, but not their signal.
 */
static bool sandbox_forbids_threads(void)
{
#ifdef RSEQ_SIG
    if (__rseq_size && !reached_kernel(syscall(SYS_rseq, NULL, 0, 0, 0)))
        return true;
#endif
    if (!host_handles_refusals())
        return false;
    return !reached_kernel(syscall(SYS_set_robust_list, NULL, (size_t)0)) ||
           !reached_kernel(syscall(SYS_clone3, NULL, (size_t)0));
}

static bool runs(void)
{
    return atomic_load_explicit(&steward_progress, memory_order_acquire) != NOT_THERE;
}

static bool has_ended(void)
{
    return atomic_load_explicit(&steward_progress, memory_order_acquire) == ENDED;
}

static bool is_joined(void)
{
    return pthread_tryjoin_np(steward_thread, NULL) == 0;
}

/* Yields, then sleeps. No futex: a sandbox may refuse it, and then libc, which joins
 * threads with one, ends the process. The time limit counts the sleeps only, so a stopped
 * process loses none of it. */
static bool wait_until(bool (*is_so)(void), uint64_t patience_ns)
{
    uint64_t waited_ns = 0, sleep_ns = SHORTEST_SLEEP_NS;
    for (int tries = 0; waited_ns < patience_ns; tries++) {
        if (is_so())
            return true;
        if (tries < YIELDS) {
            dp_os_yield();
            continue;
        }
        bool slept = dp_os_sleep_until(dp_os_monotonic_ns() + sleep_ns);
        waited_ns += slept ? sleep_ns : REFUSED_SLEEP_NS;
        if (sleep_ns < LONGEST_SLEEP_NS)
            sleep_ns *= 2;
    }
    return is_so();
}

/* When a thread ends, libc makes system calls with every signal blocked. If the host
 * handles refusals itself, this thread therefore stays and ends with the process. */
static void stay_if_leaving_is_forbidden(void)
{
    while (host_handles_refusals())
        dp_os_sleep_until(dp_os_monotonic_ns() + 1000000000u);
}

/* struct sched_attr, as of Linux 3.14; libc has it from glibc 2.41 on. */
struct scheduling {
    uint32_t bytes, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
};

/* From Linux 6.12 on a thread that asks for a short slice gets its turn before those with longer
 * ones, but no more time than they: so the tick comes in time where every processor is busy. Older
 * kernels take the request and ignore it. Not in a sandbox of seccomp, which may end the process
 * for it. */
static void ask_for_short_slice(void)
{
    struct scheduling ours = {.bytes = 0}; /* valgrind does not see that it is filled in */
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0 ||
        syscall(SYS_sched_getattr, 0, &ours, sizeof ours, 0) != 0 || ours.policy != SCHED_OTHER)
        return;
    ours.slice_ns = SLICE_NS;
    syscall(SYS_sched_setattr, 0, &ours, 0);
}

/* Tells the host's ThreadSanitizer to ignore this thread: it sees the runtime's calls of
 * memcpy and the like, but not the order between them. */
static void *run_unseen(void *unused)
{
    atomic_store_explicit(&steward_progress, RUNS, memory_order_release);
#ifndef __SANITIZE_THREAD__
    if (AnnotateIgnoreReadsBegin && AnnotateIgnoreWritesBegin) {
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    }
#endif
    ask_for_short_slice();
    bool last = steward_run(unused);
#ifndef __SANITIZE_THREAD__
    if (AnnotateIgnoreReadsEnd && AnnotateIgnoreWritesEnd) {
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    }
#endif
    atomic_store_explicit(&steward_progress, ENDED, memory_order_release);
    if (last)
        leave_as_last();
    else
        stay_if_leaving_is_forbidden();
    return NULL;
}

/* libc allocates here with the host's malloc, so the host's own signal mask is in force.
 * The new thread has its mask from its first instruction on. */
static int start_thread(void)
{
    pthread_attr_t attributes;
    sigset_t mask;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    sigfillset(&mask);
    sigdelset(&mask, SIGBUS);
    sigdelset(&mask, SIGSYS);
    error = pthread_attr_setsigmask_np(&attributes, &mask);
    if (!error)
        error = EINVAL; /* libc's error for a stack that is too small */
    for (size_t bytes = STEWARD_STACK_BYTES; error == EINVAL && bytes <= STEWARD_STACK_MOST;
         bytes *= 2) {
        pthread_attr_setstacksize(&attributes, bytes);
        error = pthread_create(&steward_thread, &attributes, run_unseen, NULL);
    }
    pthread_attr_destroy(&attributes);
    if (!error && !stack_field)
        find_stack_field(steward_thread);
    return error;
}

int dp_os_thread_start(void *(*run)(void *))
{
    struct dp_os_signals ours;
    if (sandbox_forbids_threads())
        return -EPERM;
    steward_run = run;
    atomic_store_explicit(&steward_progress, NOT_THERE, memory_order_relaxed);
    dp_os_let_host_in(&ours);
    int error = start_thread();
    dp_os_shut_host_out(&ours);
    if (!error)
        wait_until(runs, START_PATIENCE_NS);
    return -error;
}

bool dp_os_thread_join(void)
{
    if (!wait_until(has_ended, END_PATIENCE_NS))
        return false;
    if (!pthread_equal(pthread_self(), steward_thread) && !host_handles_refusals())
        wait_until(is_joined, JOIN_PATIENCE_NS);
    return true;
}

__attribute__((weak)) void __asan_init(void);
__attribute__((weak)) void __lsan_do_leak_check(void);

/* Two sanitizers have trouble with a thread that a forked child starts. ThreadSanitizer
 * ends the child if its parent had several threads, and with a steward every parent has.
 * LeakSanitizer without AddressSanitizer takes a thread on the stack of one of the parent's
 * for that one, and waits for its end for ever. */
bool dp_os_child_may_start_threads(void)
{
    return !AnnotateIgnoreReadsBegin && (!__lsan_do_leak_check || __asan_init);
}

uint32_t dp_os_processors(void)
{
    uint64_t mask[128]; /* 8192 processors; the kernel refuses a smaller mask than it needs */
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    uint32_t count = 0;
    for (long i = 0; i < bytes / (long)sizeof *mask; i++)
        count += (uint32_t)__builtin_popcountll(mask[i]);
    return count ? count : 1;
}
