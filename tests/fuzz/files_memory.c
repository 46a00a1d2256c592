/*
 * tools/log/file.h, files.h and processes.h with a log that lies in memory, under the
 * name "log". Only files of that log can be read or changed; anything else that a verb
 * tries to open or to write ends the fuzzer.
 *
 * Whatever is zero is a hole.
 */
#include "files_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/place.h"

#include "base/memory.h"
#include "log/file.h"
#include "log/files.h"
#include "log/processes.h"

static struct log_files *log_files;
int fuzz_disk_full;

void fuzz_files_are(struct log_files *files)
{
    log_files = files;
    fuzz_disk_full = 0;
}

/* The name within the log; NULL: the log itself. */
static const char *inside(const char *path)
{
    if (strcmp(path, "log") == 0)
        return NULL;
    if (strncmp(path, "log/", 4) != 0) {
        fprintf(stderr, "outside of the log: %s\n", path);
        abort();
    }
    return path + 4;
}

static int is_folder(const char *name)
{
    size_t length = name ? strlen(name) : 0;

    if (!name)
        return 1;
    for (size_t i = 0; i < log_files->n; i++)
        if (strncmp(log_files->file[i].name, name, length) == 0 &&
            log_files->file[i].name[length] == '/')
            return 1;
    return 0;
}

struct dp_file {
    size_t index; /* in log_files->file; no pointer, because `recover` changes the list */
};

int dp_file_open(struct dp_file **opened, const char *path)
{
    const char *name = inside(path);
    struct log_file *file = name ? log_files_find(log_files, name) : NULL;

    *opened = NULL;
    if (!file)
        return is_folder(name) ? -EISDIR : -ENOENT;
    *opened = dp_allocate(1, sizeof **opened);
    (*opened)->index = (size_t)(file - log_files->file);
    return 0;
}

void dp_file_close(struct dp_file *file)
{
    free(file);
}

int64_t dp_file_read(struct dp_file *file, void *bytes, size_t size, uint64_t offset)
{
    const struct log_file *from = &log_files->file[file->index];

    if (offset >= from->size)
        return 0;
    if (size > from->size - offset)
        size = from->size - offset;
    memcpy(bytes, from->bytes + offset, size);
    return (int64_t)size;
}

uint64_t dp_file_size(struct dp_file *file)
{
    return log_files->file[file->index].size;
}

/* Data and holes, as a file system with blocks of 512 bytes reports them. */
static uint64_t find_block(struct dp_file *file, uint64_t offset, int data)
{
    const struct log_file *in = &log_files->file[file->index];

    while (offset < in->size) {
        uint64_t end = offset / 512 * 512 + 512;
        int zero = 1;
        for (uint64_t i = end - 512; i < end && i < in->size; i++)
            zero &= in->bytes[i] == 0;
        if (zero != data)
            return offset;
        offset = end;
    }
    return data ? UINT64_MAX : in->size;
}

uint64_t dp_file_data_from(struct dp_file *file, uint64_t offset)
{
    return find_block(file, offset, 1);
}

uint64_t dp_file_hole_from(struct dp_file *file, uint64_t offset)
{
    return offset < log_files->file[file->index].size ? find_block(file, offset, 0) : UINT64_MAX;
}

uint64_t dp_room_at(const char *folder)
{
    (void)folder;
    return UINT64_MAX;
}

int dp_look_at(const char *path, struct dp_look *look)
{
    const char *name = inside(path);
    const struct log_file *file = name ? log_files_find(log_files, name) : NULL;

    *look = (struct dp_look){.type = DP_FILE_OTHER};
    if (!file && !is_folder(name))
        return -ENOENT;
    look->type = file ? DP_FILE_REGULAR : DP_FILE_FOLDER;
    look->bytes = look->disk_bytes = file ? file->size : 0;
    look->inode = file ? (uint64_t)(file - log_files->file) + 1 : 0;
    return 0;
}

int dp_look_inside(const char *path, struct dp_look *look)
{
    return dp_look_at(path, look);
}

int dp_names_list(struct dp_names *names, const char *folder)
{
    const char *name = inside(folder);
    size_t length = name ? strlen(name) + 1 : 0;

    *names = (struct dp_names){0};
    if (!is_folder(name))
        return log_files_find(log_files, name) ? -ENOTDIR : -ENOENT;
    for (size_t i = 0; i < log_files->n; i++) {
        const char *whole = log_files->file[i].name;
        if (name && (strncmp(whole, name, length - 1) != 0 || whole[length - 1] != '/'))
            continue;
        char *base = dp_copy(whole + length);
        base[strcspn(base, "/")] = '\0';
        names->name = dp_grow(names->name, &names->capacity, names->n + 1, sizeof *names->name);
        names->name[names->n++] = base;
    }
    return 0;
}

void dp_names_free(struct dp_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct dp_names){0};
}

/* ---- recover: streams and the metadata, nothing else ---- */

static int no_room(void)
{
    fuzz_disk_full = 1;
    return -ENOSPC;
}

static int may_change(const char *name)
{
    return strcmp(name, "metadata") == 0 || strncmp(name, "runtime", 7) == 0 ||
           strncmp(name, "stream-", 7) == 0;
}

int dp_edit_open(struct dp_edit *edit, const char *folder, const char *name)
{
    if (strcmp(folder, "log") != 0 || strchr(name, '/') || !may_change(name))
        abort();
    struct log_file *file = log_files_find(log_files, name);
    if (!file)
        return -ENOENT;
    edit->fd = (int)(file - log_files->file);
    return 0;
}

int dp_edit_write(const struct dp_edit *edit, const void *bytes, size_t size, uint64_t offset)
{
    struct log_file *file = &log_files->file[edit->fd];

    if (offset > FILE_BYTES || size > FILE_BYTES - offset)
        return no_room();
    memcpy(file->bytes + offset, bytes, size);
    if (file->size < offset + size)
        file->size = offset + size;
    return 0;
}

int dp_edit_cut(const struct dp_edit *edit, uint64_t size)
{
    struct log_file *file = &log_files->file[edit->fd];

    if (size > FILE_BYTES)
        return no_room();
    if (size < file->size)
        memset(file->bytes + size, 0, file->size - size);
    file->size = size;
    return 0;
}

void dp_edit_close(struct dp_edit *edit)
{
    edit->fd = -1;
}

int dp_file_replace(const char *folder, const char *name, const void *bytes, size_t size)
{
    if (strcmp(folder, "log") != 0 || strcmp(name, "metadata") != 0)
        abort();
    struct log_file *file = log_files_find(log_files, name);
    if (!file) {
        fuzz_uncounted(1);
        file = log_files_add(log_files, name);
        fuzz_uncounted(0);
    }
    if (!file || size > FILE_BYTES)
        return no_room();
    memset(file->bytes, 0, FILE_BYTES);
    memcpy(file->bytes, bytes, size);
    file->size = size;
    return 0;
}

/* ---- the rest of the system ---- */

uint64_t dp_random(void)
{
    return 42;
}

uint64_t dp_machine_here(void)
{
    return 1;
}

void dp_wait_ms(unsigned ms)
{
    (void)ms;
}

/* Process 200 runs. */
uint64_t dp_process_start_ticks(uint32_t pid)
{
    return pid == 200 ? 7 : 0;
}

enum dp_mapped dp_process_maps(uint32_t pid, const char *path, const char *name)
{
    inside(path);
    (void)name;
    return pid == 200 ? DP_MAPPED : DP_MAPPED_UNKNOWN;
}

char *dp_process_folder(uint32_t pid, const char *name)
{
    (void)pid;
    (void)name;
    return NULL;
}

int dp_place_find(const char *path, struct dp_place *place)
{
    (void)path;
    (void)place;
    abort(); /* doctor asks it about the environment, never about a log */
}
