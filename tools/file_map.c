/* See file_map.h. */
#include "file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

int dp_map_open(struct dp_map *map, const char *path)
{
    struct stat status;
    void *bytes = NULL;
    int error = 0;
    /* O_NONBLOCK: a FIFO in a log directory must not hang the reader. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *map = (struct dp_map){0};
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        error = -errno;
    else if (!S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
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
