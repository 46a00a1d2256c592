/*
 * tools/file_map.h on the heap instead of mmap: a read one byte past the end of
 * a file is found by AddressSanitizer, which a mapping's last page would hide.
 */
#include <errno.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../tools/file_map.h"

int dp_map_open(struct dp_map *map, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK);

    *map = (struct dp_map){0};
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    size_t size = (size_t)status.st_size;
    uint8_t *bytes = size ? malloc(size) : NULL;
    if (bytes && read(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
    map->bytes = bytes;
    map->size = size;
    return 0;
}

void dp_map_close(struct dp_map *map)
{
    free((void *)map->bytes);
    *map = (struct dp_map){0};
}

void dp_map_guard(void)
{
}

/* The heap keeps it all: a read of what was given back must not go unseen. */
void dp_map_read_past(struct dp_map *map, size_t offset)
{
    map->read = offset;
}
