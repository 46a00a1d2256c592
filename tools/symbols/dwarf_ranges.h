/* The addresses that a unit or a function covers. See dwarf_object.h for `debug`, `die`. */
#ifndef DP_TOOLS_DWARF_RANGES_H
#define DP_TOOLS_DWARF_RANGES_H

#include <stdbool.h>
#include <stdint.h>

typedef void dp_dwarf_range(void *context, uint64_t low, uint64_t high);

/* Calls `add` with each range [low, high) of `die`; `base` is the start of its unit. Returns
 * whether `die` has ranges. Ranges of dropped code are left out. */
bool dp_dwarf_ranges(void *debug, void *die, unsigned version, uint64_t base, dp_dwarf_range *add,
                     void *context);

/* The start address of a unit; 0: it has none. */
uint64_t dp_dwarf_low(void *die);

#endif
