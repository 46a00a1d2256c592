/* See doctor_elf.h. */
#include "doctor_elf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deep_profile/abi/gate.h>

#include "base/memory.h"
#include "doctor_sites.h"

#define PREFIX  "deep_profile_"
#define LIBRARY "libdeep_profile.so"

struct facts {
    uint64_t sites;
    uint64_t whole_program; /* those without an attribute; not known for object files */
    uint64_t other_gate;    /* those built for another version of the gate; the same */
    bool has_section;
    bool relocatable; /* an object file */
    bool executable;  /* has an interpreter, or is not dynamic */
    bool stripped;    /* of its own symbols */
    bool needs_library;
    bool undefined; /* refers to the runtime */
    bool defined;   /* has the runtime in it */
};

static void look_at_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
                            struct facts *facts)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

    for (size_t i = 0; i < n && i <= INT32_MAX; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol))
            return;
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (!name || strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
            strcmp(name, DP_SITE_SECTION) == 0)
            continue;
        if (symbol.st_shndx == SHN_UNDEF)
            facts->undefined = true;
        else if (strcmp(name, "deep_profile_module_load") == 0)
            facts->defined = true;
    }
}

static void look_at_needed(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct facts *facts)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

    for (size_t i = 0; i < n && i <= INT32_MAX; i++) {
        GElf_Dyn entry;
        if (!gelf_getdyn(data, (int)i, &entry) || entry.d_tag == DT_NULL)
            return;
        const char *name =
            entry.d_tag == DT_NEEDED ? elf_strptr(elf, header->sh_link, entry.d_un.d_val) : NULL;
        if (name && strncmp(name, LIBRARY, strlen(LIBRARY)) == 0)
            facts->needs_library = true;
    }
}

static void look_at_sections(struct dp_doctor *doctor, Elf *elf, struct facts *facts)
{
    Elf_Scn *section = NULL;
    size_t names;
    bool dynamic = false, interpreter = false;

    if (elf_getshdrstrndx(elf, &names) != 0)
        return;
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        if (!gelf_getshdr(section, &header))
            continue;
        const char *name = elf_strptr(elf, names, header.sh_name);
        if (name && strcmp(name, DP_SITE_SECTION) == 0) {
            facts->has_section = true;
            facts->sites += header.sh_size / sizeof(struct dp_site);
            size_t before = doctor->n_whole_program, others = doctor->n_other_gate;
            if (!facts->relocatable)
                dp_doctor_sites(doctor, elf, header.sh_addr, header.sh_size);
            facts->whole_program += doctor->n_whole_program - before;
            facts->other_gate += doctor->n_other_gate - others;
        }
        interpreter |= name && strcmp(name, ".interp") == 0;
        facts->stripped &= header.sh_type != SHT_SYMTAB;
        if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
            look_at_symbols(elf, section, &header, facts);
        if (header.sh_type == SHT_DYNAMIC) {
            dynamic = true;
            look_at_needed(elf, section, &header, facts);
        }
    }
    facts->executable = interpreter || !dynamic;
}

/* Its runtime may be one of the same version: only the program's start shows which it gets. */
static void judge_gate(struct dp_doctor *doctor, const char *path, const struct facts *facts)
{
    if (facts->other_gate == 0)
        return;
    char version[48] = "before 4";
    if (doctor->other_gate)
        snprintf(version, sizeof version, "%u", doctor->other_gate);
    dp_doctor_find(doctor, DP_FINDING_PROBLEM, path,
                   "%llu function%s built for version %s of the gate: a runtime of this release "
                   "has version %d and does not profile them (compile again with its "
                   "deep-profile-cc)",
                   (unsigned long long)facts->other_gate, facts->other_gate == 1 ? " was" : "s were",
                   version, DP_ABI_VERSION);
}

static void judge(struct dp_doctor *doctor, const char *path, const struct facts *facts)
{
    if (!facts->has_section) {
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, path,
                       "built without the plugin, or no function of it is annotated: no section "
                       "%s (build with CC=deep-profile-cc; libraries that it loads were not "
                       "looked at)",
                       DP_SITE_SECTION);
        return;
    }
    uint64_t annotated = facts->sites - facts->whole_program;
    if (facts->whole_program > 0)
        dp_doctor_find(doctor, DP_FINDING_FINE, path,
                       "built with -fdeep-profile=all: %llu function%s, of which %llu %s annotated",
                       (unsigned long long)facts->sites, facts->sites == 1 ? "" : "s",
                       (unsigned long long)annotated, annotated == 1 ? "is" : "are");
    else
        dp_doctor_find(doctor, DP_FINDING_FINE, path, "built with the plugin: %llu %sfunction%s",
                       (unsigned long long)facts->sites, facts->relocatable ? "" : "annotated ",
                       facts->sites == 1 ? "" : "s");
    judge_gate(doctor, path, facts);
    if (facts->defined)
        dp_doctor_find(doctor, DP_FINDING_FINE, path, "the runtime is linked in statically");
    else if (facts->needs_library)
        dp_doctor_find(doctor, DP_FINDING_FINE, path, "linked with " LIBRARY);
    else if (facts->relocatable)
        dp_doctor_find(doctor, DP_FINDING_NOTE, path,
                       "an object file: the program made of it must be linked with -ldeep_profile");
    else if (facts->executable && facts->stripped)
        dp_doctor_find(doctor, DP_FINDING_NOTE, path,
                       "nothing names " LIBRARY "; the program is stripped, so that it cannot be "
                       "seen whether the runtime is linked in statically");
    else
        dp_doctor_find(doctor, facts->executable ? DP_FINDING_PROBLEM : DP_FINDING_NOTE, path,
                       "the runtime is not linked: nothing names " LIBRARY
                       " (link with deep-profile-cc or -ldeep_profile%s)",
                       facts->executable ? "" : "; or the program that loads this library does");
}

static int look(struct dp_doctor *doctor, const char *path, int fd, bool quiet)
{
    struct facts facts = {0};
    Elf *elf = NULL;
    GElf_Ehdr header;

    if (elf_version(EV_CURRENT) == EV_NONE || !(elf = elf_begin(fd, ELF_C_READ_MMAP, NULL)) ||
        elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header)) {
        elf_end(elf);
        if (quiet)
            return DP_EXIT_DATA;
        dp_error("'%s' is not an ELF file; name the program itself", path);
        return DP_EXIT_DATA;
    }
    facts.stripped = true;
    facts.relocatable = header.e_type == ET_REL;
    look_at_sections(doctor, elf, &facts);
    elf_end(elf);
    if (!quiet || facts.has_section)
        judge(doctor, path, &facts);
    return DP_EXIT_OK;
}

int dp_doctor_file(struct dp_doctor *doctor, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        dp_error("cannot open '%s': %s", path, strerror(errno));
        return DP_EXIT_DATA;
    }
    int status = look(doctor, path, fd, false);
    close(fd);
    return status;
}

int dp_doctor_folder(struct dp_doctor *doctor, const char *path)
{
    DIR *directory = opendir(path);
    size_t before = doctor->n, programs = 0;

    if (!directory) {
        dp_error("cannot open '%s': %s", path, strerror(errno));
        return DP_EXIT_DATA;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat status;
        char *file = dp_join(path, entry->d_name);
        int fd = stat(file, &status) == 0 && S_ISREG(status.st_mode)
                     ? open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                     : -1;
        if (fd >= 0) {
            programs += look(doctor, file, fd, true) == DP_EXIT_OK;
            close(fd);
        }
        free(file);
    }
    closedir(directory);
    if (programs == 0) {
        dp_error("'%s' holds neither a log nor an ELF file", path);
        return DP_EXIT_DATA;
    }
    if (doctor->n == before)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, path,
                       "none of its %zu ELF files was built with the plugin", programs);
    return DP_EXIT_OK;
}
