/* os.h on Linux: what the kernel says of another thread of ours, and the signal that asks a
 * running one. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* glibc's own name: that without underscores may be ours, or a sanitizer's. */
int __sigaction(int, const struct sigaction *, struct sigaction *);

/* The clock of a thread, as pthread_getcpuclockid() makes it from a thread's number. */
int dp_os_cpu_ns_of(uint32_t tid, uint64_t *ns)
{
    const clockid_t clock = (clockid_t)(~tid << 3 | 4u /* of a thread */ | 2u /* scheduled */);
    struct timespec time;
    if (syscall(SYS_clock_gettime, clock, &time) != 0)
        return -errno;
    *ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    return 0;
}

static bool usage_of(clockid_t clock, int who, struct dp_os_usage *usage)
{
    struct timespec time;
    struct rusage used;
    int saved_errno = errno; /* in the host's calls */
    bool known = syscall(SYS_clock_gettime, clock, &time) == 0 &&
                 syscall(SYS_getrusage, who, &used) == 0;
    errno = saved_errno;
    if (!known)
        return false;
    *usage = (struct dp_os_usage){
        .cpu_ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec,
        .minor_faults = (uint64_t)used.ru_minflt,
        .major_faults = (uint64_t)used.ru_majflt,
        .voluntary = (uint64_t)used.ru_nvcsw,
        .involuntary = (uint64_t)used.ru_nivcsw,
    };
    return true;
}

bool dp_os_own_usage(struct dp_os_usage *usage)
{
    return usage_of(CLOCK_THREAD_CPUTIME_ID, RUSAGE_THREAD, usage);
}

bool dp_os_process_usage(struct dp_os_usage *usage)
{
    return usage_of(CLOCK_PROCESS_CPUTIME_ID, RUSAGE_SELF, usage);
}

int64_t dp_os_read_link(const char *path, char *buffer, size_t capacity)
{
    long got = syscall(SYS_readlinkat, AT_FDCWD, path, buffer, capacity - 1);
    buffer[got < 0 ? 0 : got] = 0;
    return got < 0 ? -errno : got;
}

int dp_os_socket_type(int fd, int *domain, int *type)
{
    socklen_t length = sizeof *domain;
    if (syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, domain, &length) != 0)
        return -errno;
    length = sizeof *type;
    return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, type, &length) != 0 ? -errno : 0;
}

int dp_os_list_threads(uint32_t *tids, uint32_t most, uint32_t *count)
{
    struct entry {
        uint64_t inode;
        int64_t offset;
        uint16_t bytes;
        uint8_t type;
        char name[];
    } __attribute__((packed));
    _Alignas(8) char buffer[4096];
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long got = 0;
    *count = 0;
    if (fd < 0)
        return -errno;
    while (*count < most && (got = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < got && *count < most;) {
            const struct entry *entry = (const struct entry *)(buffer + at);
            uint32_t tid = 0;
            for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++)
                tid = tid * 10 + (uint32_t)(*digit - '0');
            if (tid)
                tids[(*count)++] = tid;
            at += entry->bytes;
        }
    }
    int error = got < 0 ? -errno : 0;
    dp_os_close((int)fd);
    return error;
}

int dp_os_take_this_signal(int signal, dp_os_handler *handler)
{
    struct sigaction found, action = {.sa_sigaction = handler,
                                      .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    memset(&action.sa_mask, 0xff, sizeof action.sa_mask); /* those of libc, too */
    if (__sigaction(signal, NULL, &found) != 0)
        return -errno;
    if (found.sa_flags & SA_SIGINFO || found.sa_handler != SIG_DFL)
        return -EBUSY;
    return __sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

/* So are SIGCHLD and SIGCONT by default, but hosts need those for themselves. */
static const int ignored[] = {SIGURG, SIGWINCH};

int dp_os_take_signal(bool may_end, dp_os_handler *handler)
{
    enum { FIRST_TRIED = 8 };
    int error = -EBUSY, tried[FIRST_TRIED + sizeof ignored / sizeof *ignored], n = 0;
    for (int i = 0; may_end && i < FIRST_TRIED; i++)
        tried[n++] = SIGRTMAX - i;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        tried[n++] = ignored[i];
    for (int i = 0; i < n && error == -EBUSY; i++) {
        error = dp_os_take_this_signal(tried[i], handler);
        if (error == 0)
            return tried[i];
    }
    return error;
}

bool dp_os_handles(int signal, dp_os_handler *handler)
{
    struct sigaction found;
    return __sigaction(signal, NULL, &found) == 0 && found.sa_flags & SA_SIGINFO &&
           found.sa_sigaction == handler;
}

bool dp_os_is_ignored_by_default(int signal)
{
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (ignored[i] == signal)
            return true;
    return false;
}

void dp_os_leave_signal(int signal)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    __sigaction(signal, &action, NULL);
}

bool dp_os_take_waiting(int signal)
{
    const uint64_t wanted = UINT64_C(1) << (signal - 1);
    const struct timespec at_once = {0, 0};
    return syscall(SYS_rt_sigtimedwait, &wanted, NULL, &at_once, sizeof wanted) == signal;
}

int dp_os_first_signal(void)
{
    return SIGRTMIN;
}

int dp_os_last_signal(void)
{
    return SIGRTMAX;
}

int dp_os_ask_thread(uint32_t tid, int signal, uint64_t value)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = (void *)(uintptr_t)value;
    return syscall(SYS_rt_tgsigqueueinfo, getpid(), (int)tid, signal, &info) != 0 ? -errno : 0;
}

bool dp_os_asked_value(const siginfo_t *info, uint64_t *value)
{
    *value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
    return info->si_code == SI_QUEUE;
}

bool dp_os_signal_waits(uint64_t blocked)
{
    uint64_t pending = 0;
    if (syscall(SYS_rt_sigpending, &pending, sizeof pending) != 0)
        return true; /* not known */
    return (pending & ~blocked) != 0;
}
