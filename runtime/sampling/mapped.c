/* See mapped.h. */
#include "mapped.h"

#include <string.h>
#include <sys/auxv.h>

#include "base/os.h"

#define VDSO "[vdso]"
#define DELETED " (deleted)"

static bool has_path(const struct dp_mapping *mapping, const char *path)
{
    return mapping->path_bytes == strlen(path) &&
           memcmp(mapping->path, path, mapping->path_bytes) == 0;
}

static size_t without_deleted(const char *path, size_t bytes)
{
    const size_t end = sizeof DELETED - 1;
    return bytes > end && memcmp(path + bytes - end, DELETED, end) == 0 ? bytes - end : bytes;
}

static bool is_of_file(const struct dp_mapped *mapped, const struct dp_mapping *mapping)
{
    return mapping->inode && mapping->inode == mapped->header_inode &&
           mapping->device_major == mapped->device_major &&
           mapping->device_minor == mapped->device_minor;
}

/* The first mapping of another file. It is checked for an ELF image when code of it comes. */
static void begin_file(struct dp_mapped *mapped, const struct dp_mapping *mapping)
{
    mapped->header = mapping->start;
    mapped->header_inode = mapping->inode;
    mapped->device_major = mapping->device_major;
    mapped->device_minor = mapping->device_minor;
    mapped->image.header = 0;
    mapped->is_image = false;
}

static bool ask_loader(struct dp_mapped *mapped, uint64_t address)
{
    return dp_image_from_loader(address, &mapped->image, mapped->path, sizeof mapped->path);
}

static void take_code(struct dp_mapped *mapped, const struct dp_mapping *mapping)
{
    bool is_inside = mapped->is_image && mapping->start >= mapped->image.code_start &&
                     mapping->end <= mapped->image.end;
    if (is_inside) /* a second executable segment of a known module, or text on other pages */
        return;
    if ((is_of_file(mapped, mapping) || has_path(mapping, VDSO)) && !mapped->is_image &&
        dp_image_read(mapped->header, &mapped->image) && mapping->start < mapped->image.code_end &&
        mapping->end > mapped->image.code_start) {
        mapped->is_image = true;
    } else if (!mapping->inode || !ask_loader(mapped, mapping->start)) {
        mapped->code_found(mapping->start, mapping->end);
        return;
    }
    mapped->image_found(&mapped->image, mapping->path,
                        without_deleted(mapping->path, mapping->path_bytes));
}

static void take_mapping(void *context, const struct dp_mapping *mapping)
{
    struct dp_mapped *mapped = context;
    if (mapping->is_readable && mapping->offset == 0 &&
        (mapping->inode || has_path(mapping, VDSO)))
        begin_file(mapped, mapping);
    if (mapping->is_executable)
        take_code(mapped, mapping);
}

int64_t dp_mapped_list(struct dp_mapped *mapped)
{
    mapped->is_image = false;
    return dp_maps_read(mapped->maps, take_mapping, mapped);
}

void dp_mapped_ask_loader(struct dp_mapped *mapped, uint64_t address)
{
    if (!address || !ask_loader(mapped, address))
        return;
    if (mapped->path[0] == 0)
        dp_os_program_path(mapped->path, sizeof mapped->path);
    mapped->image_found(&mapped->image, mapped->path, strlen(mapped->path));
}

void dp_mapped_ask_kernel(struct dp_mapped *mapped)
{
    uint64_t vdso = getauxval(AT_SYSINFO_EHDR), headers = getauxval(AT_PHDR);
    if (vdso && dp_image_read(vdso, &mapped->image))
        mapped->image_found(&mapped->image, VDSO, sizeof VDSO - 1);
    if (headers && dp_image_read(headers & -(uint64_t)dp_os_page_bytes(), &mapped->image) &&
        dp_os_program_path(mapped->path, sizeof mapped->path) == 0)
        mapped->image_found(&mapped->image, mapped->path, strlen(mapped->path));
}
