/*
 * Reads the ELF structure of a program, library or debug file. Only elf_file.c uses libelf.
 *
 * Files may be damaged or crafted, so nothing in them is trusted. libelf itself may crash on
 * them: therefore all of this runs in a process of its own (worker.h).
 */
#ifndef DP_TOOLS_ELF_FILE_H
#define DP_TOOLS_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"

struct dp_elf;

/* NULL with `problem` set: it cannot be opened or is no ELF file. */
struct dp_elf *dp_elf_open(const char *path, struct dp_problem *problem);

/* Opens an ELF file in memory, which must stay valid. */
struct dp_elf *dp_elf_of_memory(const void *bytes, size_t size, struct dp_problem *problem);

void dp_elf_close(struct dp_elf *elf);

const char *dp_elf_path(const struct dp_elf *elf);
bool dp_elf_is_64_bit(const struct dp_elf *elf);
bool dp_elf_is_little_endian(const struct dp_elf *elf);

/* The bytes of its build-id; 0: it has none. */
size_t dp_elf_build_id(struct dp_elf *elf, const uint8_t **bytes);

struct dp_elf_section {
    const char *name;
    uint64_t address, bytes; /* uncompressed size */
    uint64_t entry_bytes, flags;
    uint32_t type, link, info;
};

size_t dp_elf_n_sections(const struct dp_elf *elf);
/* False: there is no such section, or it cannot be read. */
bool dp_elf_section(struct dp_elf *elf, size_t index, struct dp_elf_section *section);
/* The uncompressed contents, `section->bytes` of them. NULL: empty or not readable. */
const void *dp_elf_contents(struct dp_elf *elf, size_t index, size_t *bytes);
/* After dp_elf_contents(): whether a section is compressed in a way that libelf cannot undo. */
bool dp_elf_is_packed(const struct dp_elf *elf);
/* 0: no section has that name. */
size_t dp_elf_find_section(struct dp_elf *elf, const char *name);

struct dp_symbol {
    const char *name;        /* in the file */
    uint64_t address, bytes; /* 0 bytes: not known */
    uint64_t section_end;
    bool local;
};

/* Calls `add` with each function of the symbol table; without one, of the dynamic symbol table.
 * Returns whether there is a table. */
typedef void dp_elf_add(void *context, const struct dp_symbol *symbol);
bool dp_elf_functions(struct dp_elf *elf, dp_elf_add *add, void *context);

#endif
