/* See files.h. */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/place.h"

#include "base/memory.h"
#include "file.h"

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

    *look = (struct dp_look){.type = DP_FILE_OTHER};
    if (fstatat(AT_FDCWD, path, &status, flags) < 0)
        return -errno;
    look->type = S_ISREG(status.st_mode)   ? DP_FILE_REGULAR
                 : S_ISDIR(status.st_mode) ? DP_FILE_FOLDER
                                           : DP_FILE_OTHER;
    look->bytes = (uint64_t)status.st_size;
    look->disk_bytes = (uint64_t)status.st_blocks * 512;
    look->changed = status.st_mtim;
    look->device = status.st_dev;
    look->inode = status.st_ino;
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
    int fd = dp_file_descriptor(directory, name, O_RDWR);
    close(directory);
    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0 || status.st_nlink != 1) {
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
    edit.fd = openat(directory, new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
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
