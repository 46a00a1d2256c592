/* See dwarf_object.h. */
#include "dwarf_object.h"

#include <string.h>

#include "base/memory.h"
#include "libdwarf_names.h"

struct object {
    dp_dwarf_interface interface;
    struct dp_elf *elf;
};

static int section_info(void *of, dp_dwarf_index index, dp_dwarf_section *info, int *error)
{
    struct object *object = of;
    struct dp_elf_section section;

    *error = DW_DLE_MDE;
    /* Section 0 of an ELF file is not used. */
    if (index == 0)
        section = (struct dp_elf_section){.name = ""};
    else if (!dp_elf_section(object->elf, index, &section))
        return DW_DLV_ERROR;
    *info = (dp_dwarf_section){.DP_DWARF_SECTION(addr) = section.address,
                               .DP_DWARF_SECTION(type) = section.type,
                               .DP_DWARF_SECTION(size) = section.bytes,
                               .DP_DWARF_SECTION(name) = section.name,
                               .DP_DWARF_SECTION(link) = section.link,
                               .DP_DWARF_SECTION(info) = section.info,
                               .DP_DWARF_SECTION(entrysize) = section.entry_bytes};
    return DW_DLV_OK;
}

static dp_dwarf_byte_order byte_order(void *of)
{
    return dp_elf_is_little_endian(((struct object *)of)->elf) ? DP_DWARF_LITTLE_ENDIAN
                                                               : DP_DWARF_BIG_ENDIAN;
}

static Dwarf_Small address_bytes(void *of)
{
    return dp_elf_is_64_bit(((struct object *)of)->elf) ? 8 : 4;
}

static Dwarf_Small offset_bytes(void *of)
{
    (void)of;
    return 4;
}

static Dwarf_Unsigned section_count(void *of)
{
    return dp_elf_n_sections(((struct object *)of)->elf);
}

#ifdef DW_LIBDWARF_VERSION
/* libdwarf rejects sections larger than this. No limit here: load_section() checks. */
static Dwarf_Unsigned file_bytes(void *of)
{
    (void)of;
    return INT64_MAX;
}
#endif

/* libdwarf relies on the size that section_info() returned. */
static int load_section(void *of, dp_dwarf_index index, Dwarf_Small **bytes, int *error)
{
    struct object *object = of;
    struct dp_elf_section section;
    size_t size;
    const void *contents = dp_elf_contents(object->elf, index, &size);

    *error = DW_DLE_MDE;
    if (!contents || !dp_elf_section(object->elf, index, &section) || size < section.bytes)
        return DW_DLV_ERROR;
    *bytes = (Dwarf_Small *)contents;
    return DW_DLV_OK;
}

static const dp_dwarf_methods methods = {
    .DP_DWARF_METHOD(get_section_info) = section_info,
    .DP_DWARF_METHOD(get_byte_order) = byte_order,
    .DP_DWARF_METHOD(get_length_size) = offset_bytes,
    .DP_DWARF_METHOD(get_pointer_size) = address_bytes,
    .DP_DWARF_METHOD(get_section_count) = section_count,
    .DP_DWARF_METHOD(load_section) = load_section,
#ifdef DW_LIBDWARF_VERSION
    .om_get_filesize = file_bytes,
#endif
};

void dp_dwarf_failed(void *debug, void *error, const char *path, struct dp_problem *problem)
{
    dp_problem_set(problem, "the debug information of '%s' is damaged: %s", path,
                   dwarf_errmsg(error));
    dwarf_dealloc(debug, error, DW_DLA_ERROR);
}

bool dp_dwarf_is_in(struct dp_elf *elf)
{
    static const char *const names[] = {".debug_info", ".zdebug_info", ".debug_info.dwo"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (dp_elf_find_section(elf, names[i]))
            return true;
    return false;
}

/* Tries one section: all are compressed in the same way. */
static bool can_unpack(struct dp_elf *elf, struct dp_problem *problem)
{
    size_t bytes, section = dp_elf_find_section(elf, ".debug_info");

    if (section)
        dp_elf_contents(elf, section, &bytes);
    if (!dp_elf_is_packed(elf))
        return true;
    dp_problem_set(problem, "the debug information of '%s' is compressed in a way (zstd?) that "
                            "libelf here cannot undo; objcopy --decompress-debug-sections does",
                   dp_elf_path(elf));
    return false;
}

void *dp_dwarf_open(struct dp_elf *elf, struct dp_problem *problem)
{
    struct object *object;
    Dwarf_Debug debug = NULL;
    Dwarf_Error error = NULL;

    problem->text[0] = 0;
    if (!dp_dwarf_is_in(elf) || !can_unpack(elf, problem))
        return NULL;
    object = dp_allocate(1, sizeof *object);
    *object = (struct object){.interface = {object, &methods}, .elf = elf};
    /* Faster: libdwarf need not free single objects. */
    dwarf_set_de_alloc_flag(0);
    int status =
        dwarf_object_init_b(&object->interface, NULL, NULL, DW_GROUPNUMBER_ANY, &debug, &error);
    if (status == DW_DLV_ERROR)
        dp_dwarf_failed(debug, error, dp_elf_path(elf), problem);
    return status == DW_DLV_OK ? debug : NULL;
}
