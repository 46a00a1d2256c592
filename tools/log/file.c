/* See file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* O_NONBLOCK: a FIFO in a log directory must not hang the reader. */
#define SAFELY (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* Far below the usual limit of 1024, which the rest of the process needs as well. */
#define MOST_DESCRIPTORS 256

struct dp_file {
    int fd; /* -1: closed for another file; see open_again() */
    char *path;
    dev_t device;
    ino_t inode;
    struct dp_file *newer, *older; /* of those with a descriptor, by last use */
};

static struct dp_file *newest, *oldest;
static unsigned n_descriptors;

int dp_file_descriptor(int folder, const char *path, int how)
{
    struct stat status;
    int fd = openat(folder, path, how | SAFELY);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        error = -errno;
    else if (!S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

static void leave_list(struct dp_file *file)
{
    *(file->newer ? &file->newer->older : &newest) = file->older;
    *(file->older ? &file->older->newer : &oldest) = file->newer;
    file->newer = file->older = NULL;
}

static void enter_list(struct dp_file *file)
{
    file->older = newest;
    *(newest ? &newest->newer : &oldest) = file;
    newest = file;
}

static void give_away(struct dp_file *file)
{
    close(file->fd);
    file->fd = -1;
    n_descriptors--;
    leave_list(file);
}

/* 0 or -errno. The limit of this process may be lower than ours. */
static int take_descriptor(struct dp_file *file)
{
    int fd;

    if (n_descriptors >= MOST_DESCRIPTORS)
        give_away(oldest);
    while ((fd = dp_file_descriptor(AT_FDCWD, file->path, O_RDONLY)) == -EMFILE && oldest)
        give_away(oldest);
    if (fd < 0)
        return fd;
    file->fd = fd;
    n_descriptors++;
    enter_list(file);
    return 0;
}

/* Gives the file a descriptor and marks it as the most recently used one. 0 or -errno. */
static int ready(struct dp_file *file)
{
    struct stat status;

    if (file->fd >= 0) {
        if (file != newest) {
            leave_list(file);
            enter_list(file);
        }
        return 0;
    }
    int error = take_descriptor(file);
    if (error < 0)
        return error;
    if (fstat(file->fd, &status) == 0 && status.st_dev == file->device &&
        status.st_ino == file->inode)
        return 0;
    give_away(file); /* removed; another file has the name */
    return -ENOENT;
}

int dp_file_open(struct dp_file **opened, const char *path)
{
    struct stat status;
    struct dp_file *file = dp_allocate(1, sizeof *file);

    *opened = NULL;
    file->fd = -1;
    file->path = dp_copy(path);
    int error = take_descriptor(file);
    if (error == 0 && fstat(file->fd, &status) < 0)
        error = -errno;
    if (error < 0) {
        dp_file_close(file);
        return error;
    }
    file->device = status.st_dev;
    file->inode = status.st_ino;
    *opened = file;
    return 0;
}

void dp_file_close(struct dp_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        give_away(file);
    free(file->path);
    free(file);
}

int64_t dp_file_read(struct dp_file *file, void *bytes, size_t size, uint64_t offset)
{
    size_t done = 0;
    int error = ready(file);

    if (offset > INT64_MAX - size)
        return 0;
    while (error == 0 && done < size) {
        ssize_t got = pread(file->fd, (char *)bytes + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            break;
        if (got < 0)
            error = -errno;
        else
            done += (size_t)got;
    }
    return error < 0 && done == 0 ? error : (int64_t)done;
}

uint64_t dp_file_size(struct dp_file *file)
{
    struct stat status;

    return ready(file) == 0 && fstat(file->fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static uint64_t seek(struct dp_file *file, uint64_t offset, int what)
{
    if (offset > INT64_MAX || ready(file) < 0)
        return UINT64_MAX;
    off_t found = lseek(file->fd, (off_t)offset, what);
    if (found >= 0)
        return (uint64_t)found;
    return errno == ENXIO ? UINT64_MAX : offset;
}

uint64_t dp_file_data_from(struct dp_file *file, uint64_t offset)
{
    return seek(file, offset, SEEK_DATA);
}

uint64_t dp_file_hole_from(struct dp_file *file, uint64_t offset)
{
    uint64_t hole = seek(file, offset, SEEK_HOLE);

    /* When holes are not known: the end of the file is the next hole. */
    return hole == offset && dp_file_data_from(file, offset) == offset ? dp_file_size(file) : hole;
}
