/* See packed_log.h. */
#include "packed_log.h"

#include <deep_profile/abi/state.h>

#include <stdlib.h>
#include <string.h>

struct log_file *log_files_find(struct log_files *log, const char *name)
{
    for (size_t i = 0; i < log->n; i++)
        if (strcmp(log->file[i].name, name) == 0)
            return &log->file[i];
    return NULL;
}

struct log_file *log_files_add(struct log_files *log, const char *name)
{
    if (log->n == MOST_FILES)
        return NULL;
    struct log_file *file = &log->file[log->n++];
    memset(file, 0, sizeof *file);
    strncpy(file->name, name, NAME_BYTES - 1);
    file->bytes = calloc(1, FILE_BYTES);
    if (!file->bytes)
        abort();
    return file;
}

struct reader {
    const uint8_t *at;
    size_t left;
};

static uint64_t take(struct reader *reader, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        uint8_t byte = reader->left > 0 ? *reader->at : 0;
        value |= (uint64_t)byte << 8 * i;
        reader->at += reader->left > 0;
        reader->left -= reader->left > 0;
    }
    return value;
}

static void take_extent(struct reader *reader, struct log_file *file)
{
    uint64_t zeros = take(reader, 4), length = take(reader, 2);

    length = length < reader->left ? length : reader->left;
    if (file && zeros <= FILE_BYTES - file->size) {
        file->size += zeros;
        size_t room = FILE_BYTES - file->size;
        memcpy(file->bytes + file->size, reader->at, length < room ? length : room);
        file->size += length < room ? length : room;
    }
    reader->at += length;
    reader->left -= length;
}

/* Names as readdir() could give them, at most one folder deep. */
static int is_name(const char *name)
{
    const char *slash = strchr(name, '/');

    return *name && *name != '.' && *name != '/' &&
           (!slash || (slash[1] && slash[1] != '.' && !strchr(slash + 1, '/')));
}

/* Changes the version of state files: 0 in an input, DP_STATE_VERSION in a log. */
static void change_version(struct log_files *log, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < log->n; i++) {
        uint32_t words[2];
        memcpy(words, log->file[i].bytes, sizeof words);
        if (log->file[i].size >= sizeof words && words[0] == DP_STATE_MAGIC && words[1] == from)
            memcpy(log->file[i].bytes + sizeof *words, &to, sizeof to);
    }
}

void log_files_unpack(struct log_files *log, const uint8_t *data, size_t size)
{
    struct reader reader = {data, size};

    *log = (struct log_files){.n = 0};
    while (reader.left > 0) {
        char name[NAME_BYTES] = "";
        size_t length = take(&reader, 1) % NAME_BYTES;
        for (size_t i = 0; i < length; i++)
            name[i] = (char)take(&reader, 1);
        struct log_file *file =
            is_name(name) && !log_files_find(log, name) ? log_files_add(log, name) : NULL;
        for (uint64_t extents = take(&reader, 2); extents > 0 && reader.left > 0; extents--)
            take_extent(&reader, file);
    }
    change_version(log, 0, DP_STATE_VERSION);
}

struct writer {
    uint8_t *data;
    size_t size, used;
};

static void put(struct writer *writer, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++, writer->used++)
        if (writer->used < writer->size)
            writer->data[writer->used] = (uint8_t)(value >> 8 * i);
}

/* How many bytes the extent has: up to the next eight zeros, where a new extent saves space. */
static size_t literal(const struct log_file *file, size_t at)
{
    size_t start = at, zeros = 0;

    for (; at < file->size && at - start < 65535 && zeros < 8; at++)
        zeros = file->bytes[at] ? 0 : zeros + 1;
    return at - start - (zeros == 8 ? 8 : 0);
}

static void pack_file(struct writer *writer, const struct log_file *file)
{
    size_t count_at, extents = 0, length = strlen(file->name);

    put(writer, length, 1);
    for (size_t i = 0; i < length; i++)
        put(writer, (uint8_t)file->name[i], 1);
    count_at = writer->used;
    put(writer, 0, 2);
    for (size_t at = 0; at < file->size; extents++) {
        size_t zeros = 0;
        while (at + zeros < file->size && !file->bytes[at + zeros])
            zeros++;
        at += zeros;
        size_t bytes = literal(file, at);
        put(writer, zeros, 4);
        put(writer, bytes, 2);
        for (size_t i = 0; i < bytes; i++)
            put(writer, file->bytes[at + i], 1);
        at += bytes;
    }
    size_t end = writer->used;
    writer->used = count_at;
    put(writer, extents, 2);
    writer->used = end;
}

size_t log_files_pack(struct log_files *log, uint8_t *data, size_t size)
{
    struct writer writer = {data, size, 0};

    change_version(log, DP_STATE_VERSION, 0);
    for (size_t i = 0; i < log->n; i++)
        pack_file(&writer, &log->file[i]);
    change_version(log, 0, DP_STATE_VERSION);
    return writer.used <= size ? writer.used : 0;
}

void log_files_free(struct log_files *log)
{
    for (size_t i = 0; i < log->n; i++)
        free(log->file[i].bytes);
    log->n = 0;
}
