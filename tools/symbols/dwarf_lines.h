/* Files and lines of a unit. See dwarf_object.h for `die`. */
#ifndef DP_TOOLS_DWARF_LINES_H
#define DP_TOOLS_DWARF_LINES_H

#include <stddef.h>
#include <stdint.h>

struct dp_dwarf_line {
    const char *file; /* NULL: not known */
    uint32_t line;
};

/* Fills in lines[i] for addresses[of[i]], which ascend with i. Where the unit's table has no
 * line, lines[i] stays unchanged. */
void dp_dwarf_lines(void *die, const uint64_t *addresses, const uint32_t *of, size_t n,
                    struct dp_dwarf_line *lines);

/* The files of a unit, by the numbers in DW_AT_call_file. */
struct dp_dwarf_files {
    char **names;
    int64_t n;
    int64_t first; /* the number of names[0] */
};
void dp_dwarf_files_read(struct dp_dwarf_files *files, void *die, unsigned version);
/* NULL: no file has that number. */
const char *dp_dwarf_file(const struct dp_dwarf_files *files, uint64_t number);

#endif
