/* See dwarf_lines.h. */
#include "dwarf_lines.h"
#include "libdwarf_names.h"

#include <stdbool.h>

/* The index of the first address at or above `address`. */
static size_t first_from(const uint64_t *addresses, const uint32_t *of, size_t n, uint64_t address)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (addresses[of[middle]] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take(Dwarf_Line row, struct dp_dwarf_line *line)
{
    Dwarf_Unsigned number = 0;
    Dwarf_Error error = NULL;
    char *file = NULL;

    if (dwarf_lineno(row, &number, &error) == DW_DLV_OK)
        line->line = number <= UINT32_MAX ? (uint32_t)number : 0;
    if (dwarf_linesrc(row, &file, &error) == DW_DLV_OK)
        line->file = file;
}

/* *ended: is the row the last of a sequence? libdwarf 0.11 says so of rows, too, where a
 * function's epilogue begins. False: the row cannot be read. */
static bool ends_sequence(Dwarf_Line row, Dwarf_Bool *ended)
{
    Dwarf_Bool prologue, epilogue;
    Dwarf_Unsigned isa, discriminator;
    Dwarf_Error error = NULL;

    if (dwarf_lineendsequence(row, ended, &error) != DW_DLV_OK ||
        dwarf_prologue_end_etc(row, &prologue, &epilogue, &isa, &discriminator, &error) !=
            DW_DLV_OK)
        return false;
    *ended = *ended && !epilogue;
    return true;
}

/* A row is valid up to the next one; the last row of a sequence only says where it ends. */
static void look_up(Dwarf_Line *rows, Dwarf_Signed n_rows, const uint64_t *addresses,
                    const uint32_t *of, size_t n, struct dp_dwarf_line *lines)
{
    Dwarf_Addr low = 0, high;
    Dwarf_Bool ended = true;
    Dwarf_Error error = NULL;
    bool dropped = false;

    for (Dwarf_Signed i = 0; i < n_rows; i++) {
        if (dwarf_lineaddr(rows[i], &high, &error) != DW_DLV_OK)
            return;
        if (ended)
            dropped = high == 0; /* a sequence for code that the linker dropped */
        else if (!dropped && low < high)
            for (size_t a = first_from(addresses, of, n, low); a < n && addresses[of[a]] < high;
                 a++)
                take(rows[i - 1], &lines[a]);
        low = high;
        if (!ends_sequence(rows[i], &ended))
            return;
    }
}

void dp_dwarf_lines(void *die, const uint64_t *addresses, const uint32_t *of, size_t n,
                    struct dp_dwarf_line *lines)
{
    Dwarf_Unsigned version;
    Dwarf_Small tables;
    Dwarf_Line_Context context;
    Dwarf_Line *rows;
    Dwarf_Signed n_rows;
    Dwarf_Error error = NULL;

    if (dwarf_srclines_b(die, &version, &tables, &context, &error) != DW_DLV_OK)
        return;
    if (dwarf_srclines_from_linecontext(context, &rows, &n_rows, &error) == DW_DLV_OK)
        look_up(rows, n_rows, addresses, of, n, lines);
}

void dp_dwarf_files_read(struct dp_dwarf_files *files, void *die, unsigned version)
{
    Dwarf_Signed n;
    Dwarf_Error error = NULL;

    *files = (struct dp_dwarf_files){.first = version >= 5 ? 0 : 1};
    if (dwarf_srcfiles(die, &files->names, &n, &error) == DW_DLV_OK)
        files->n = n;
}

const char *dp_dwarf_file(const struct dp_dwarf_files *files, uint64_t number)
{
    int64_t index = number <= INT32_MAX ? (int64_t)number - files->first : -1;

    return index >= 0 && index < files->n ? files->names[index] : NULL;
}
