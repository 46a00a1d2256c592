/* os.h on Linux: the process, randomness and clocks; files, memory and threads are in
 * os_linux_*.c. Raw system calls where libc's wrappers are cancellation points: a host
 * thread that is cancelled must not die inside the profiler. */
#include "os.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint32_t dp_os_pid(void)
{
    return (uint32_t)getpid();
}

uint32_t dp_os_parent_pid(void)
{
    return (uint32_t)getppid();
}

uint32_t dp_os_tid(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

void dp_os_thread_name(char name[16])
{
    memset(name, 0, 16);
    prctl(PR_GET_NAME, name, 0, 0, 0);
    name[15] = 0;
}

void dp_os_name_thread(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

uint64_t dp_os_random(void)
{
    uint64_t value;
    if (syscall(SYS_getrandom, &value, sizeof value, 1 /* GRND_NONBLOCK */) != sizeof value)
        value = dp_os_monotonic_ns() ^ ((uint64_t)dp_os_pid() << 32);
    return value;
}

const char *dp_os_getenv(const char *name)
{
    return secure_getenv(name);
}

int dp_os_working_directory(char *buffer, size_t capacity)
{
    return getcwd(buffer, capacity) ? 0 : -errno;
}

/* If /proc is not mounted, the path that execve() was given has to serve. */
int dp_os_program_path(char *buffer, size_t capacity)
{
    ssize_t length = readlink("/proc/self/exe", buffer, capacity - 1);
    int error = length < 0 ? -errno : 0;
    if (length >= 0) {
        buffer[length] = 0;
        return 0;
    }
    const char *given = (const char *)getauxval(AT_EXECFN);
    if (!given || strlen(given) >= capacity)
        return error;
    strcpy(buffer, given);
    return 0;
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t dp_os_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t dp_os_realtime_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t dp_os_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t dp_os_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* A sandbox may refuse the usual call: try the other one. */
static bool sleep_otherwise(uint64_t monotonic_ns)
{
    uint64_t now = dp_os_monotonic_ns();
    uint64_t wait = monotonic_ns > now ? monotonic_ns - now : 0;
    struct timespec time = {.tv_sec = (time_t)(wait / 1000000000u),
                            .tv_nsec = (long)(wait % 1000000000u)};
    static uint32_t nobody_wakes;
    return syscall(SYS_nanosleep, &time, NULL) == 0 || errno == EINTR ||
           syscall(SYS_futex, &nobody_wakes, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0) == 0 ||
           errno == EINTR || errno == ETIMEDOUT ||
           syscall(SYS_ppoll, NULL, 0, &time, NULL, 0) == 0 || errno == EINTR;
}

bool dp_os_sleep_until(uint64_t monotonic_ns)
{
    struct timespec until = {.tv_sec = (time_t)(monotonic_ns / 1000000000u),
                             .tv_nsec = (long)(monotonic_ns % 1000000000u)};
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0 ||
           errno == EINTR || sleep_otherwise(monotonic_ns);
}

bool dp_os_wait_until(_Atomic uint32_t *word, uint32_t seen, uint64_t monotonic_ns)
{
    struct timespec until = {.tv_sec = (time_t)(monotonic_ns / 1000000000u),
                             .tv_nsec = (long)(monotonic_ns % 1000000000u)};
    if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, &until, NULL,
                FUTEX_BITSET_MATCH_ANY) == 0 ||
        errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT)
        return true;
    dp_os_sleep_until(monotonic_ns);
    return false;
}

void dp_os_wake(_Atomic uint32_t *word)
{
    int saved_errno = errno; /* in the host's calls */
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved_errno;
}
