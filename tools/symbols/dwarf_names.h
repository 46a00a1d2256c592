/*
 * Functions, inlined functions, files and lines of addresses, by a file's DWARF: versions
 * 2 to 5, also split (.dwo files that lie where the compiler put them).
 *
 * Only what is asked for is read: the units' headers, then the functions and lines of
 * those units that have an address.
 */
#ifndef DP_TOOLS_DWARF_NAMES_H
#define DP_TOOLS_DWARF_NAMES_H

#include "elf_file.h"

struct dp_dwarf_frame {
    const char *function; /* NULL: not known */
    const char *file;     /* NULL: not known */
    uint32_t line;
    bool inlined;
};

struct dp_dwarf_name {
    struct dp_dwarf_frame *frames; /* innermost first */
    size_t n, capacity;
};

/*
 * Fills in names[i] for addresses[i], which ascend. Those of which the file says nothing
 * stay empty. `problem` is empty or says what is missing or damaged: what could be read
 * holds all the same. Returns whether the file has debug information.
 */
bool dp_dwarf_names(struct dp_elf *elf, const uint64_t *addresses, size_t n,
                    struct dp_dwarf_name *names, struct dp_problem *problem);

#endif
