/* See cache.h. */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"

#define MAGIC UINT64_C(0x31656d616e706464) /* changes with the layout */

/* The file's header; the block follows. */
struct head {
    uint64_t magic;
    uint64_t checksum;                /* of everything after it */
    uint64_t source_bytes, source_ns; /* of the file with the debug information */
};

/* ---- places ---- */

static bool is_off(void)
{
    const char *word = getenv("DEEP_PROFILE_SYMBOL_CACHE");

    return word && (strcmp(word, "off") == 0 || strcmp(word, "0") == 0 ||
                    strcmp(word, "false") == 0 || strcmp(word, "no") == 0);
}

/* The XDG specification says: ignore relative paths. */
static bool folder_path(char path[PATH_MAX], bool make)
{
    static const char *const below[] = {"", "/deep-profile", "/symbols"};
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool is_home = !base || *base != '/';
    int length;

    if (is_off() || (is_home && (!home || *home != '/')))
        return false;
    length = snprintf(path, PATH_MAX, "%s%s", is_home ? home : base, is_home ? "/.cache" : "");
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        if (length < 0 || length + 128 > PATH_MAX)
            return false;
        length += snprintf(path + length, PATH_MAX - (size_t)length, "%s", below[i]);
        if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

static bool name_of(char name[80], const uint8_t *id, size_t bytes)
{
    if (bytes < 8 || bytes > 32)
        return false;
    for (size_t i = 0; i < bytes; i++)
        snprintf(name + 2 * i, 3, "%02x", id[i]);
    strcpy(name + 2 * bytes, ".names");
    return true;
}

static int open_folder(bool make)
{
    char path[PATH_MAX];

    return folder_path(path, make) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* ---- loading ---- */

static bool source_now(const char *path, struct head *head)
{
    struct stat status;

    if (!*path || stat(path, &status) != 0)
        return false;
    head->source_bytes = (uint64_t)status.st_size;
    head->source_ns =
        (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec;
    return true;
}

static void *read_file(int folder, const char *name, size_t *size)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    char *bytes = NULL;

    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_uid == geteuid() || status.st_uid == 0) &&
        (uint64_t)status.st_size > sizeof(struct head) &&
        (uint64_t)status.st_size <= DP_CACHE_FILE_BYTES) {
        *size = (size_t)status.st_size;
        bytes = dp_allocate(*size, 1);
        if (read(fd, bytes, *size) != (ssize_t)*size) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

static uint64_t checksum_of(const void *bytes, size_t size)
{
    size_t from = offsetof(struct head, source_bytes);

    return XXH64((const char *)bytes + from, size - from, MAGIC);
}

static bool is_current(const struct head *head, size_t size, struct dp_answers *answers)
{
    struct head now;

    return head->magic == MAGIC && head->checksum == checksum_of(head, size) &&
           dp_answers_read(answers, head + 1, size - sizeof *head) &&
           source_now(answers->source, &now) && now.source_bytes == head->source_bytes &&
           now.source_ns == head->source_ns;
}

void *dp_cache_load(const uint8_t *build_id, size_t id_bytes, struct dp_answers *answers)
{
    char name[80];
    size_t size = 0;
    int folder = name_of(name, build_id, id_bytes) ? open_folder(false) : -1;
    void *bytes = folder >= 0 ? read_file(folder, name, &size) : NULL;

    if (bytes && !is_current(bytes, size, answers)) {
        free(bytes);
        bytes = NULL;
    }
    if (bytes) /* marks it as used: the oldest files are dropped first */
        utimensat(folder, name, NULL, AT_SYMLINK_NOFOLLOW);
    if (folder >= 0)
        close(folder);
    return bytes;
}

/* ---- storing ---- */

struct entry {
    char name[96];
    uint64_t bytes;
    struct timespec used;
};

static int oldest_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

/* Removes the oldest files until a quarter of the limit is free. */
static void drop_oldest(int folder)
{
    struct entry *entries = NULL;
    size_t n = 0, capacity = 0;
    uint64_t bytes = 0;
    int again = dup(folder);
    DIR *listing = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *found;
    struct stat status;

    if (!listing && again >= 0)
        close(again);
    while (listing && (found = readdir(listing))) {
        if (strlen(found->d_name) >= sizeof entries->name ||
            fstatat(folder, found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        entries = dp_append(entries, &n, &capacity, sizeof *entries);
        strcpy(entries[n - 1].name, found->d_name);
        entries[n - 1].bytes = (uint64_t)status.st_size;
        entries[n - 1].used = status.st_mtim;
        bytes += (uint64_t)status.st_size;
    }
    if (listing)
        closedir(listing);
    if (bytes > DP_CACHE_BYTES && n > 0) {
        qsort(entries, n, sizeof *entries, oldest_first);
        for (size_t i = 0; i < n && bytes > DP_CACHE_BYTES / 4 * 3; i++)
            if (unlinkat(folder, entries[i].name, 0) == 0)
                bytes -= entries[i].bytes;
    }
    free(entries);
}

static void replace_file(int folder, const char *name, const void *bytes, size_t size)
{
    char new[96];

    snprintf(new, sizeof new, "new-%ld", (long)getpid());
    unlinkat(folder, new, 0);
    int fd = openat(folder, new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    bool whole = write(fd, bytes, size) == (ssize_t)size;
    close(fd);
    if (!whole || renameat(folder, new, folder, name) != 0)
        unlinkat(folder, new, 0);
}

void dp_cache_store(const uint8_t *build_id, size_t id_bytes, const void *block, size_t size)
{
    struct dp_answers answers;
    struct head head = {.magic = MAGIC};
    char name[80];

    if (sizeof head + size > DP_CACHE_FILE_BYTES || !dp_answers_read(&answers, block, size) ||
        !source_now(answers.source, &head) || !name_of(name, build_id, id_bytes))
        return;
    int folder = open_folder(true);
    if (folder < 0)
        return;
    char *bytes = dp_allocate(sizeof head + size, 1);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, block, size);
    head.checksum = checksum_of(bytes, sizeof head + size);
    memcpy(bytes, &head, sizeof head);
    replace_file(folder, name, bytes, sizeof head + size);
    free(bytes);
    drop_oldest(folder);
    close(folder);
}
