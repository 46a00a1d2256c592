/* See files.h. */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/place.h"

#include "base/exit.h"
#include "base/memory.h"

/* O_NONBLOCK: a FIFO in a log directory must not hang the reader. */
#define SAFELY (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

#define MOST_COPIED_BYTES (64 << 20)

static int open_regular(int folder, const char *path, int how, struct stat *status)
{
    int fd = openat(folder, path, how | SAFELY);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, status) < 0)
        error = -errno;
    else if (!S_ISREG(status->st_mode))
        error = S_ISDIR(status->st_mode) ? -EISDIR : -EINVAL;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

/* A copy of a small file with holes: to look into a hole on a tmpfs takes memory
 * of the disk, and raises SIGBUS where that is full. */
static void *copy_of(int fd, size_t size)
{
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    off_t at = 0;

    while (bytes != MAP_FAILED && (at = lseek(fd, at, SEEK_DATA)) >= 0 && (size_t)at < size) {
        off_t end = lseek(fd, at, SEEK_HOLE);
        size_t want = (end > at && (size_t)end < size ? (size_t)end : size) - (size_t)at;
        ssize_t got = pread(fd, bytes + at, want, at);
        if (got <= 0)
            break;
        at += got;
    }
    return bytes;
}

static bool has_holes(const struct stat *status)
{
    return status->st_size <= MOST_COPIED_BYTES && status->st_blocks < status->st_size / 512;
}

int dp_map_open(struct dp_map *map, const char *path)
{
    struct stat status;
    void *bytes = NULL;
    int error = 0;
    int fd = open_regular(AT_FDCWD, path, O_RDONLY, &status);

    *map = (struct dp_map){0};
    if (fd < 0)
        return fd;
    if (has_holes(&status))
        bytes = copy_of(fd, (size_t)status.st_size);
    else if (status.st_size > 0)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        error = -errno;
    close(fd);
    if (error)
        return error;
    map->bytes = bytes;
    map->size = bytes ? (size_t)status.st_size : 0;
    return 0;
}

void dp_map_read_past(struct dp_map *map, size_t offset)
{
    const size_t step = 4 << 20; /* a multiple of every page size */
    size_t whole = offset / step * step;

    if (whole <= map->read)
        return;
    madvise((void *)(map->bytes + map->read), whole - map->read, MADV_DONTNEED);
    map->read = whole;
}

void dp_map_close(struct dp_map *map)
{
    if (map->bytes)
        munmap((void *)map->bytes, map->size);
    *map = (struct dp_map){0};
}

static void cut_under_us(int signal)
{
    static const char text[] = "deep-profile: a file of the log was cut while it was read\n";

    (void)signal;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(DP_EXIT_DATA);
    _exit(DP_EXIT_DATA);
}

void dp_map_guard(void)
{
    struct sigaction action = {.sa_handler = cut_under_us};

    sigaction(SIGBUS, &action, NULL);
}

/* ---- looking ---- */

uint64_t dp_room_at(const char *folder)
{
    struct statvfs disk;

    if (statvfs(folder, &disk) != 0 || disk.f_blocks == 0)
        return UINT64_MAX;
    return (uint64_t)disk.f_bavail * disk.f_frsize;
}

static int look(const char *path, int flags, struct dp_look *look)
{
    struct stat status;

    *look = (struct dp_look){.kind = DP_KIND_OTHER};
    if (fstatat(AT_FDCWD, path, &status, flags) < 0)
        return -errno;
    look->kind = S_ISREG(status.st_mode)   ? DP_KIND_FILE
                 : S_ISDIR(status.st_mode) ? DP_KIND_FOLDER
                                           : DP_KIND_OTHER;
    look->bytes = (uint64_t)status.st_size;
    look->disk_bytes = (uint64_t)status.st_blocks * 512;
    look->changed = status.st_mtim;
    return 0;
}

int dp_look_at(const char *path, struct dp_look *found)
{
    return look(path, 0, found);
}

int dp_look_inside(const char *path, struct dp_look *found)
{
    return look(path, AT_SYMLINK_NOFOLLOW, found);
}

int dp_place_find(const char *path, struct dp_place *place)
{
    struct stat status;

    if (lstat(path, &status) < 0)
        return -errno;
    place->link = S_ISLNK(status.st_mode);
    place->link_owner = status.st_uid;
    if (place->link && stat(path, &status) < 0)
        return -errno;
    place->owner = status.st_uid;
    place->group = status.st_gid;
    place->mode = status.st_mode;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int dp_names_list(struct dp_names *names, const char *folder)
{
    DIR *opened = opendir(folder);

    *names = (struct dp_names){0};
    if (!opened)
        return -errno;
    for (struct dirent *entry; (entry = readdir(opened));) {
        if (entry->d_name[0] == '.')
            continue;
        names->name = dp_grow(names->name, &names->capacity, names->n + 1, sizeof *names->name);
        names->name[names->n++] = dp_copy(entry->d_name);
    }
    closedir(opened);
    if (names->n > 0)
        qsort(names->name, names->n, sizeof *names->name, by_name);
    return 0;
}

void dp_names_free(struct dp_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct dp_names){0};
}

/* ---- writing ---- */

int dp_edit_open(struct dp_edit *edit, const char *folder, const char *name)
{
    struct stat status;
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    edit->fd = -1;
    if (directory < 0)
        return -errno;
    int fd = open_regular(directory, name, O_RDWR, &status);
    close(directory);
    if (fd < 0)
        return fd;
    if (status.st_nlink != 1) {
        close(fd);
        return -EMLINK;
    }
    edit->fd = fd;
    return 0;
}

int dp_edit_write(const struct dp_edit *edit, const void *bytes, size_t size, uint64_t offset)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        ssize_t written = pwrite(edit->fd, at, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

int dp_edit_cut(const struct dp_edit *edit, uint64_t size)
{
    return ftruncate(edit->fd, (off_t)size) < 0 ? -errno : 0;
}

void dp_edit_close(struct dp_edit *edit)
{
    if (edit->fd >= 0)
        close(edit->fd);
    edit->fd = -1;
}

int dp_file_replace(const char *folder, const char *name, const void *bytes, size_t size)
{
    struct dp_edit edit;
    struct stat status;
    char new[64];
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory < 0)
        return -errno;
    snprintf(new, sizeof new, "%.40s.new-%ld", name, (long)getpid());
    edit.fd = openat(directory, new, O_WRONLY | O_CREAT | O_EXCL | SAFELY, 0600);
    int error = edit.fd < 0 ? -errno : dp_edit_write(&edit, bytes, size, 0);
    /* Root may recover somebody's log: it stays theirs. Best effort. */
    if (edit.fd >= 0 && fstat(directory, &status) == 0 &&
        fchown(edit.fd, status.st_uid, status.st_gid) < 0)
        errno = 0;
    if (edit.fd >= 0 && error == 0 && renameat(directory, new, directory, name) < 0)
        error = -errno;
    if (edit.fd >= 0 && error < 0)
        unlinkat(directory, new, 0);
    dp_edit_close(&edit);
    close(directory);
    return error;
}
