/* os.h on Linux: files. Raw system calls where libc's wrappers are cancellation points: a
 * host thread that is cancelled must not die inside the profiler. */
#include "os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/place.h"

/* Raw system calls, so that a sanitizer's records of the host's descriptors do not contain
 * ours. */
static int file_status(int fd, struct stat *status)
{
    return (int)syscall(SYS_fstat, fd, status);
}

static int64_t result(long value)
{
    return value < 0 ? -errno : value;
}

/* Beyond RLIMIT_FSIZE the kernel does not only refuse: it also sends SIGXFSZ, which would
 * end the host. */
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
    int fd = open_file(at, path, O_RDWR | O_CREAT | O_EXCL);
    struct stat status;
    /* The umask may have removed permission bits. */
    if (fd >= 0 && file_status(fd, &status) == 0 && (status.st_mode & 0777) != 0600)
        fchmod(fd, 0600);
    return fd;
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

/* If the owner of an open file may not write it, we have just made it, with a umask that
 * removed the bit. */
static void let_owner_write(int fd)
{
    struct stat status;
    if (file_status(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
        status.st_uid == geteuid() && !(status.st_mode & S_IWUSR))
        fchmod(fd, 0600);
}

int dp_os_open_append(const char *path, bool shared)
{
    const int how = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    struct stat status;
    long fd = result(syscall(SYS_openat, AT_FDCWD, path, how | O_NOFOLLOW, 0600));
    if (fd == -ELOOP && lstat(path, &status) == 0 && is_trusted(status.st_uid))
        fd = result(syscall(SYS_openat, AT_FDCWD, path, how, 0600));
    if (fd >= 0)
        let_owner_write((int)fd);
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
    int error = (int)result(mkdir(path, 0700));
    struct stat status;
    /* The umask may have removed permission bits. */
    if (error == 0 && lstat(path, &status) == 0 && (status.st_mode & 0777) != 0700)
        chmod(path, 0700);
    return error;
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
    /* do not make the host's table larger for us */
    rlim_t end = limit.rlim_cur < 1024 ? limit.rlim_cur : 1024;
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

/* getdents64 returns "." and "..", in any place: any other entry means that it is not
 * empty. */
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
