/*
 * Finds functions, inlined functions, files and lines of addresses in a file's DWARF, versions
 * 2 to 5. Split DWARF works when the .dwo files are where the compiler put them.
 *
 * Reads as little as possible: all units' headers, then the functions and lines of only those
 * units that have one of the addresses.
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
 * Fills in names[i] for addresses[i], which ascend; a name stays empty when the file does not
 * have it. `problem` becomes empty or says what is missing or damaged; names that were found
 * are valid all the same. Returns whether the file has debug information.
 */
bool dp_dwarf_names(struct dp_elf *elf, const uint64_t *addresses, size_t n,
                    struct dp_dwarf_name *names, struct dp_problem *problem);

#endif
