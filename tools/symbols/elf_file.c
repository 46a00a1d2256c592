/* See elf_file.h. */
#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* A longer note is not a build-id. */
#define MOST_ID_BYTES 32
/* The largest size that a compressed section may claim. */
#define MOST_SECTION_BYTES (UINT64_C(8) << 30)

struct dp_elf {
    Elf *elf;
    int fd; /* -1: in memory */
    char *path;
    GElf_Ehdr header;
    size_t n_sections;
    size_t names; /* the index of the section with the sections' names */
    bool packed;  /* see dp_elf_is_packed() */
};

static struct dp_elf *no_file(struct dp_elf *elf, struct dp_problem *problem, const char *why)
{
    dp_problem_set(problem, "cannot read '%s': %s", elf->path, why);
    dp_elf_close(elf);
    return NULL;
}

static struct dp_elf *begin(struct dp_elf *elf, struct dp_problem *problem)
{
    if (!elf->elf || elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &elf->header))
        return no_file(elf, problem, "it is no ELF file");
    if (elf_getshdrnum(elf->elf, &elf->n_sections) != 0 ||
        elf_getshdrstrndx(elf->elf, &elf->names) != 0)
        elf->n_sections = 0;
    return elf;
}

/* Checks the file's type before opening it: opening a device or a pipe may have effects. */
static int open_regular(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

struct dp_elf *dp_elf_open(const char *path, struct dp_problem *problem)
{
    struct dp_elf *elf = dp_allocate(1, sizeof *elf);

    elf_version(EV_CURRENT);
    elf->path = dp_copy(path);
    elf->fd = open_regular(path);
    if (elf->fd < 0)
        return no_file(elf, problem,
                       elf->fd == -EINVAL ? "it is no regular file" : strerror(-elf->fd));
    elf->elf = elf_begin(elf->fd, ELF_C_READ_MMAP, NULL);
    return begin(elf, problem);
}

struct dp_elf *dp_elf_of_memory(const void *bytes, size_t size, struct dp_problem *problem)
{
    struct dp_elf *elf = dp_allocate(1, sizeof *elf);

    elf_version(EV_CURRENT);
    elf->path = dp_copy("[vdso]");
    elf->fd = -1;
    elf->elf = elf_memory((char *)bytes, size);
    return begin(elf, problem);
}

void dp_elf_close(struct dp_elf *elf)
{
    if (!elf)
        return;
    if (elf->elf)
        elf_end(elf->elf);
    if (elf->fd >= 0)
        close(elf->fd);
    free(elf->path);
    free(elf);
}

const char *dp_elf_path(const struct dp_elf *elf)
{
    return elf->path;
}

bool dp_elf_is_64_bit(const struct dp_elf *elf)
{
    return elf->header.e_ident[EI_CLASS] == ELFCLASS64;
}

bool dp_elf_is_little_endian(const struct dp_elf *elf)
{
    return elf->header.e_ident[EI_DATA] == ELFDATA2LSB;
}

/* ---- sections ---- */

size_t dp_elf_n_sections(const struct dp_elf *elf)
{
    return elf->n_sections;
}

bool dp_elf_section(struct dp_elf *elf, size_t index, struct dp_elf_section *section)
{
    Elf_Scn *found = index < elf->n_sections ? elf_getscn(elf->elf, index) : NULL;
    GElf_Shdr header;
    GElf_Chdr compressed;

    if (!found || !gelf_getshdr(found, &header))
        return false;
    const char *name = elf_strptr(elf->elf, elf->names, header.sh_name);
    *section = (struct dp_elf_section){.name = name ? name : "",
                                       .address = header.sh_addr,
                                       .bytes = header.sh_size,
                                       .entry_bytes = header.sh_entsize,
                                       .flags = header.sh_flags,
                                       .type = header.sh_type,
                                       .link = header.sh_link,
                                       .info = header.sh_info};
    if (header.sh_flags & SHF_COMPRESSED) {
        if (!gelf_getchdr(found, &compressed) || compressed.ch_size > MOST_SECTION_BYTES)
            return false;
        section->bytes = compressed.ch_size;
    }
    return true;
}

const void *dp_elf_contents(struct dp_elf *elf, size_t index, size_t *bytes)
{
    struct dp_elf_section section;

    *bytes = 0;
    if (!dp_elf_section(elf, index, &section) || section.type == SHT_NOBITS)
        return NULL;
    Elf_Scn *found = elf_getscn(elf->elf, index);
    GElf_Chdr packed;
    if (section.flags & SHF_COMPRESSED && elf_compress(found, 0, 0) < 0) {
        elf->packed |= gelf_getchdr(found, &packed) && packed.ch_type != ELFCOMPRESS_ZLIB;
        return NULL;
    }
    Elf_Data *data = elf_rawdata(found, NULL);
    if (!data || !data->d_buf)
        return NULL;
    *bytes = data->d_size;
    return data->d_buf;
}

bool dp_elf_is_packed(const struct dp_elf *elf)
{
    return elf->packed;
}

size_t dp_elf_find_section(struct dp_elf *elf, const char *name)
{
    struct dp_elf_section section;

    for (size_t i = 1; i < elf->n_sections; i++)
        if (dp_elf_section(elf, i, &section) && strcmp(section.name, name) == 0)
            return i;
    return 0;
}

/* ---- build-id ---- */

static size_t id_in_notes(Elf_Data *data, const uint8_t **bytes)
{
    size_t at = 0, name, description;
    GElf_Nhdr note;

    while (data && (at = gelf_getnote(data, at, &note, &name, &description)) > 0) {
        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof ELF_NOTE_GNU ||
            memcmp((char *)data->d_buf + name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) != 0 ||
            note.n_descsz == 0 || note.n_descsz > MOST_ID_BYTES)
            continue;
        *bytes = (const uint8_t *)data->d_buf + description;
        return note.n_descsz;
    }
    return 0;
}

size_t dp_elf_build_id(struct dp_elf *elf, const uint8_t **bytes)
{
    size_t n, found = 0;
    GElf_Phdr header;

    for (size_t i = 1; found == 0 && i < elf->n_sections; i++) {
        struct dp_elf_section section;
        if (dp_elf_section(elf, i, &section) && section.type == SHT_NOTE)
            found = id_in_notes(elf_getdata(elf_getscn(elf->elf, i), NULL), bytes);
    }
    if (elf_getphdrnum(elf->elf, &n) != 0)
        return found;
    /* By program headers: the section headers may have been stripped. */
    for (size_t i = 0; found == 0 && i < n; i++)
        if (gelf_getphdr(elf->elf, (int)i, &header) && header.p_type == PT_NOTE)
            found = id_in_notes(
                elf_getdata_rawchunk(elf->elf, (int64_t)header.p_offset, header.p_filesz,
                                     header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
                bytes);
    return found;
}

/* ---- symbols ---- */

/* `end`: the end of the symbol's section. */
static bool is_function(const struct dp_elf *elf, const GElf_Sym *symbol, uint64_t *end)
{
    int type = GELF_ST_TYPE(symbol->st_info);
    GElf_Shdr section;

    if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 ||
        (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
        return false;
    Elf_Scn *found =
        symbol->st_shndx < SHN_LORESERVE ? elf_getscn(elf->elf, symbol->st_shndx) : NULL;
    bool known = found && gelf_getshdr(found, &section);
    *end = known ? section.sh_addr + section.sh_size : UINT64_MAX;
    /* A symbol without a type is a label in assembly code. */
    return type != STT_NOTYPE || (known && section.sh_flags & SHF_EXECINSTR);
}

static bool functions_of(struct dp_elf *elf, uint32_t type, dp_elf_add *add, void *context)
{
    struct dp_elf_section section;
    GElf_Sym symbol;

    for (size_t i = 1; i < elf->n_sections; i++) {
        if (!dp_elf_section(elf, i, &section) || section.type != type || section.entry_bytes == 0)
            continue;
        Elf_Data *data = elf_getdata(elf_getscn(elf->elf, i), NULL);
        size_t n = data && data->d_buf ? data->d_size / section.entry_bytes : 0;
        for (size_t s = 0; s < n; s++) {
            uint64_t end;
            if (!gelf_getsym(data, (int)s, &symbol) || !is_function(elf, &symbol, &end))
                continue;
            const char *name = elf_strptr(elf->elf, section.link, symbol.st_name);
            if (name && *name)
                add(context, &(struct dp_symbol){name, symbol.st_value, symbol.st_size, end,
                                                 GELF_ST_BIND(symbol.st_info) == STB_LOCAL});
        }
        return n > 0;
    }
    return false;
}

bool dp_elf_functions(struct dp_elf *elf, dp_elf_add *add, void *context)
{
    return functions_of(elf, SHT_SYMTAB, add, context) ||
           functions_of(elf, SHT_DYNSYM, add, context);
}
