/* See debug_file.h. */
#include "debug_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dwarf_object.h"

static const char *debug_folder(void)
{
    const char *folder = getenv("DEEP_PROFILE_DEBUG_DIR");

    return folder && *folder ? folder : "/usr/lib/debug";
}

bool dp_debug_same_id(struct dp_elf *elf, const uint8_t *id, size_t bytes)
{
    const uint8_t *other;

    return bytes > 0 && dp_elf_build_id(elf, &other) == bytes && memcmp(id, other, bytes) == 0;
}

/* A stripped program has the same build-id but no debug information: not a debug file. */
static bool has_debug_information(struct dp_elf *elf)
{
    return dp_dwarf_is_in(elf) || dp_elf_find_section(elf, ".symtab");
}

static struct dp_elf *open_of_id(const char *path, const uint8_t *id, size_t bytes)
{
    struct dp_problem problem;
    struct dp_elf *elf = dp_elf_open(path, &problem);

    if (elf && dp_debug_same_id(elf, id, bytes))
        return elf;
    dp_elf_close(elf);
    return NULL;
}

struct dp_elf *dp_debug_file_of_id(const uint8_t *id, size_t bytes)
{
    char path[PATH_MAX];
    size_t at;

    if (bytes < 2)
        return NULL;
    at = (size_t)snprintf(path, sizeof path, "%s/.build-id/%02x/", debug_folder(), id[0]);
    for (size_t i = 1; i < bytes && at < sizeof path; i++)
        at += (size_t)snprintf(path + at, sizeof path - at, "%02x", id[i]);
    if (at + sizeof ".debug" > sizeof path)
        return NULL;
    memcpy(path + at, ".debug", sizeof ".debug");
    return open_of_id(path, id, bytes);
}

/* ---- .gnu_debuglink ---- */

static bool has_checksum(const char *path, uint32_t checksum)
{
    uint8_t bytes[65536];
    uLong sum = crc32(0, NULL, 0);
    FILE *file = fopen(path, "rbe");
    size_t n;

    if (!file)
        return false;
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        sum = crc32(sum, bytes, (uInt)n);
    fclose(file);
    return sum == checksum;
}

struct link {
    const char *name;
    uint32_t checksum;
    const uint8_t *id; /* of the file with the link */
    size_t id_bytes;
};

static struct dp_elf *try_link(const struct link *link, const char *path)
{
    struct dp_problem problem;
    struct dp_elf *elf = dp_elf_open(path, &problem);
    const uint8_t *id;

    if (!elf)
        return NULL;
    bool is_it = link->id_bytes > 0 && dp_elf_build_id(elf, &id) > 0
                     ? dp_debug_same_id(elf, link->id, link->id_bytes)
                     : has_checksum(path, link->checksum);
    if (is_it && has_debug_information(elf))
        return elf;
    dp_elf_close(elf);
    return NULL;
}

/* The name, padded to a multiple of four bytes, then a CRC-32. */
static bool read_link(struct dp_elf *elf, struct link *link)
{
    size_t bytes, section = dp_elf_find_section(elf, ".gnu_debuglink");
    const char *contents = section ? dp_elf_contents(elf, section, &bytes) : NULL;
    const char *end = contents ? memchr(contents, 0, bytes) : NULL;

    if (!end || end == contents || memchr(contents, '/', (size_t)(end - contents)))
        return false;
    size_t at = ((size_t)(end - contents) + 4) & ~(size_t)3;
    if (at + 4 > bytes)
        return false;
    link->name = contents;
    memcpy(&link->checksum, contents + at, 4);
    link->id_bytes = dp_elf_build_id(elf, &link->id);
    return true;
}

static struct dp_elf *by_link(struct dp_elf *elf)
{
    char path[PATH_MAX], *real = realpath(dp_elf_path(elf), NULL);
    struct dp_elf *found = NULL;
    struct link link;

    if (real && read_link(elf, &link)) {
        int folder = (int)(strrchr(real, '/') - real);
        const struct {
            const char *before, *behind;
        } places[] = {{"", "/"}, {"", "/.debug/"}, {debug_folder(), "/"}};
        for (size_t i = 0; !found && i < sizeof places / sizeof *places; i++)
            if (snprintf(path, sizeof path, "%s%.*s%s%s", places[i].before, folder, real,
                         places[i].behind, link.name) < (int)sizeof path &&
                strcmp(path, real) != 0)
                found = try_link(&link, path);
    }
    free(real);
    return found;
}

struct dp_elf *dp_debug_file_open(struct dp_elf *elf)
{
    const uint8_t *id;
    size_t bytes = dp_elf_build_id(elf, &id);
    struct dp_elf *found = dp_debug_file_of_id(id, bytes);

    return found ? found : by_link(elf);
}

/* ---- .gnu_debugaltlink ---- */

struct dp_elf *dp_debug_alt_open(struct dp_elf *elf, const char **name)
{
    size_t bytes, section = dp_elf_find_section(elf, ".gnu_debugaltlink");
    const char *contents = section ? dp_elf_contents(elf, section, &bytes) : NULL;
    const char *end = contents ? memchr(contents, 0, bytes) : NULL;
    char path[PATH_MAX];

    *name = end ? contents : "";
    if (!end)
        return NULL;
    const uint8_t *id = (const uint8_t *)end + 1;
    size_t id_bytes = bytes - (size_t)(end + 1 - contents);
    if (*contents == '/')
        return open_of_id(contents, id, id_bytes);
    char *real = realpath(dp_elf_path(elf), NULL);
    bool fits = real && snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(real, '/') - real),
                                 real, contents) < (int)sizeof path;
    free(real);
    return fits ? open_of_id(path, id, id_bytes) : NULL;
}
