/*
 * os.h on Linux: files, memory, clocks; threads are in os_linux_threads.c. Raw system
 * calls where libc's wrappers are cancellation points: a host thread that is cancelled
 * must not die inside the profiler.
 */
#include "os.h"
#include "peek.h"
#include "tsan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/place.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static _Atomic uint64_t mapped_bytes;

/* What the kernel says, past the sanitizers' own books of the host's descriptors:
 * ours are none of the host's. */
static int file_status(int fd, struct stat *status)
{
    return (int)syscall(SYS_fstat, fd, status);
}

static int64_t result(long value)
{
    return value < 0 ? -errno : value;
}

/* Past RLIMIT_FSIZE the kernel does not only refuse: it sends SIGXFSZ, which
 * would end the host. */
static bool beyond_file_limit(uint64_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           size > limit.rlim_cur;
}

static int open_file(int at, const char *path, int flags)
{
    return (int)result(
        syscall(SYS_openat, at, path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600));
}

int dp_os_create(int at, const char *path)
{
    return open_file(at, path, O_RDWR | O_CREAT | O_EXCL);
}

int dp_os_open(int at, const char *path)
{
    return open_file(at, path, O_RDWR);
}

int dp_os_open_read(int at, const char *path)
{
    return open_file(at, path, O_RDONLY);
}

static bool is_trusted(uid_t user)
{
    return user == 0 || user == geteuid();
}

int dp_os_open_append(const char *path, bool shared)
{
    const int how = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    struct stat status;
    long fd = result(syscall(SYS_openat, AT_FDCWD, path, how | O_NOFOLLOW, 0600));
    if (fd == -ELOOP && lstat(path, &status) == 0 && is_trusted(status.st_uid))
        fd = result(syscall(SYS_openat, AT_FDCWD, path, how, 0600));
    if (fd < 0 || !shared || (file_status((int)fd, &status) == 0 && is_trusted(status.st_uid)))
        return (int)fd;
    dp_os_close((int)fd);
    return -EACCES;
}

int dp_os_close(int fd)
{
    return (int)result(syscall(SYS_close, fd));
}

int dp_os_unlink(int at, const char *path)
{
    return (int)result(unlinkat(at, path, 0));
}

int dp_os_mkdir(const char *path)
{
    return (int)result(mkdir(path, 0700));
}

int dp_os_remove_directory(const char *path)
{
    return (int)result(rmdir(path));
}

int dp_os_open_directory(const char *path)
{
    struct rlimit limit;
    int fd = open_file(DP_OS_HERE, path, O_PATH | O_DIRECTORY);
    if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fd;
    rlim_t end = limit.rlim_cur < 1024 ? limit.rlim_cur : 1024; /* no larger table for us */
    int moved = (int)result(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, (int)(end - end / 4)));
    if (moved < 0)
        return fd;
    dp_os_close(fd);
    return moved;
}

int dp_os_identify(int fd, struct dp_os_identity *identity)
{
    struct stat status;
    if (file_status(fd, &status) != 0)
        return -errno;
    identity->device = status.st_dev;
    identity->inode = status.st_ino;
    return 0;
}

int dp_os_look(const char *path, struct dp_place *place)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return -errno;
    place->link = S_ISLNK(status.st_mode);
    place->link_owner = status.st_uid;
    if (place->link && stat(path, &status) != 0)
        return -errno;
    place->owner = status.st_uid;
    place->group = status.st_gid;
    place->mode = status.st_mode;
    return 0;
}

uint64_t dp_os_pid_namespace(void)
{
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

uint32_t dp_os_user(void)
{
    return geteuid();
}

static bool is_ours_alone(const struct stat *status)
{
    bool group = status->st_mode & S_IWGRP && status->st_gid != status->st_uid;
    return status->st_uid == geteuid() && !(status->st_mode & S_IWOTH) && !group;
}

/* getdents64 gives "." and ".." first or not: anything else is too much. */
int dp_os_directory_is_free(const char *path)
{
    _Alignas(8) char entries[512];
    struct stat status;
    int fd = open_file(DP_OS_HERE, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return -EEXIST;
    long length = -1;
    if (file_status(fd, &status) == 0 && is_ours_alone(&status))
        length = syscall(SYS_getdents64, fd, entries, sizeof entries);
    dp_os_close(fd);
    for (long at = 0; at < length;) {
        const struct dirent64 *entry = (const struct dirent64 *)(entries + at);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return -EEXIST;
        at += entry->d_reclen;
    }
    return length < 0 ? -EEXIST : 0;
}

int64_t dp_os_write(int fd, const void *data, size_t bytes)
{
    struct stat status;
    if (file_status(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        beyond_file_limit((uint64_t)status.st_size + bytes))
        return -EFBIG;
    return result(syscall(SYS_write, fd, data, bytes));
}

int64_t dp_os_pread(int fd, void *data, size_t bytes, uint64_t offset)
{
    return result(syscall(SYS_pread64, fd, data, bytes, (off_t)offset));
}

int dp_os_truncate(int fd, uint64_t bytes)
{
    if (beyond_file_limit(bytes))
        return -EFBIG;
    return (int)result(ftruncate(fd, (off_t)bytes));
}

int64_t dp_os_size(int fd)
{
    struct stat status;
    return file_status(fd, &status) == 0 ? (int64_t)status.st_size : -errno;
}

int64_t dp_os_read_file(const char *path, char *buffer, size_t capacity)
{
    int fd = dp_os_open_read(DP_OS_HERE, path);
    if (fd < 0)
        return fd;
    size_t length = 0;
    int64_t got = 0;
    while (length + 1 < capacity) {
        got = dp_os_pread(fd, buffer + length, capacity - 1 - length, length);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    buffer[length] = 0;
    dp_os_close(fd);
    return got < 0 ? got : (int64_t)length;
}

int dp_os_allocate(int fd, uint64_t offset, uint64_t bytes)
{
    if (beyond_file_limit(offset + bytes))
        return -EFBIG;
    int error = (int)result(syscall(SYS_fallocate, fd, 0, (off_t)offset, (off_t)bytes));
    if (error != -EOPNOTSUPP && error != -ENOSYS)
        return error;
    struct stat status;
    if (file_status(fd, &status) != 0)
        return -errno;
    if ((uint64_t)status.st_size >= offset + bytes)
        return 0;
    return dp_os_truncate(fd, offset + bytes);
}

/* Bytes that the limit leaves, given a field of /proc/self/statm ("size resident
 * shared text lib data dt", in pages); everything when there is no limit, nothing
 * when it cannot be told. */
static uint64_t limit_leaves(int resource, int field)
{
    struct rlimit limit;
    char text[256], *at = text;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    if (dp_os_read_file("/proc/self/statm", text, sizeof text) <= 0)
        return 0;
    uint64_t pages = 0;
    for (int i = 0; i <= field; i++)
        pages = strtoul(at, &at, 10);
    uint64_t used = pages * dp_os_page_bytes();
    return used < limit.rlim_cur ? limit.rlim_cur - used : 0;
}

static bool takes_too_much(size_t bytes)
{
    uint64_t ours = atomic_load_explicit(&mapped_bytes, memory_order_relaxed);
    uint64_t all = limit_leaves(RLIMIT_AS, 0), data = limit_leaves(RLIMIT_DATA, 5);
    uint64_t left = all < data ? all : data;
    return left != UINT64_MAX && ours + bytes > (left + ours) / 4;
}

/* ThreadSanitizer must know of the mapping, but not of the descriptor: whatever
 * the host opens next has the same number. */
static void *map(size_t bytes, int flags, int fd, off_t offset)
{
    if (takes_too_much(bytes))
        return NULL;
    if (AnnotateIgnoreReadsBegin && fd >= 0)
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
    if (AnnotateIgnoreReadsEnd && fd >= 0)
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    if (address == MAP_FAILED)
        return NULL;
    atomic_fetch_add_explicit(&mapped_bytes, bytes, memory_order_relaxed);
    return address;
}

void *dp_os_map_file(int fd, uint64_t offset, size_t bytes)
{
    return map(bytes, MAP_SHARED, fd, (off_t)offset);
}

void dp_os_expect_sparse(void *address, size_t bytes)
{
    madvise(address, bytes, MADV_RANDOM);
}

void *dp_os_map_memory(size_t bytes)
{
    void *address = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address) /* tables are sparse: no 2 MB for a few words in them */
        madvise(address, bytes, MADV_NOHUGEPAGE);
    return address;
}

int dp_os_map_over(void *address, size_t bytes)
{
    void *mapped = mmap(address, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    madvise(address, bytes, MADV_NOHUGEPAGE);
    return 0;
}

void *dp_os_map_wiped_on_fork(void)
{
    size_t bytes = dp_os_page_bytes();
    void *address = dp_os_map_memory(bytes);
    if (address)
        madvise(address, bytes, MADV_WIPEONFORK);
    return address;
}

void dp_os_unmap(void *address, size_t bytes)
{
    if (address && munmap(address, bytes) == 0)
        atomic_fetch_sub_explicit(&mapped_bytes, bytes, memory_order_relaxed);
}

void dp_os_populate(void *address, size_t bytes)
{
    madvise(address, bytes, MADV_POPULATE_WRITE);
}

size_t dp_os_page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

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

/* What execve() was given serves where /proc is not mounted. */
int dp_os_program_path(char *buffer, size_t capacity)
{
    int64_t length = result(readlink("/proc/self/exe", buffer, capacity - 1));
    if (length >= 0) {
        buffer[length] = 0;
        return 0;
    }
    const char *given = (const char *)getauxval(AT_EXECFN);
    if (!given || strlen(given) >= capacity)
        return (int)length;
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

/* A sandbox refuses the usual way. To come back at once would be to poll: the
 * steward must not take a processor for itself. */
static void sleep_otherwise(uint64_t monotonic_ns)
{
    uint64_t now = dp_os_monotonic_ns();
    uint64_t wait = monotonic_ns > now ? monotonic_ns - now : 0;
    struct timespec time = {.tv_sec = (time_t)(wait / 1000000000u),
                            .tv_nsec = (long)(wait % 1000000000u)};
    static uint32_t nobody_wakes;
    if (syscall(SYS_nanosleep, &time, NULL) == 0 || errno == EINTR)
        return;
    syscall(SYS_futex, &nobody_wakes, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0);
}

void dp_os_sleep_until(uint64_t monotonic_ns)
{
    struct timespec until = {.tv_sec = (time_t)(monotonic_ns / 1000000000u),
                             .tv_nsec = (long)(monotonic_ns % 1000000000u)};
    if (syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0 ||
        errno == EINTR)
        return;
    sleep_otherwise(monotonic_ns);
}
