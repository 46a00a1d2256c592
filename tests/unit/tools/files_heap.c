/*
 * tools/log/files.c with files on the heap instead of mmap: a read one byte past the
 * end of a file is found by AddressSanitizer, which a mapping's last page would
 * hide.
 */
#define dp_map_open      mapped_open
#define dp_map_close     mapped_close
#define dp_map_read_past mapped_read_past
#include "log/files.c"
#undef dp_map_open
#undef dp_map_close
#undef dp_map_read_past

int dp_map_open(struct dp_map *map, const char *path)
{
    struct dp_map mapped;
    int error = mapped_open(&mapped, path);

    *map = (struct dp_map){0};
    if (error < 0 || mapped.size == 0)
        return error;
    uint8_t *bytes = malloc(mapped.size);
    if (!bytes)
        abort();
    memcpy(bytes, mapped.bytes, mapped.size);
    map->bytes = bytes;
    map->size = mapped.size;
    mapped_close(&mapped);
    return 0;
}

void dp_map_close(struct dp_map *map)
{
    free((void *)map->bytes);
    *map = (struct dp_map){0};
}

/* The heap keeps it all: a read of what was given back must not go unseen. */
void dp_map_read_past(struct dp_map *map, size_t offset)
{
    map->read = offset;
}
