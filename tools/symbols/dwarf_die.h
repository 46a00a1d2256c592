/* One entry of a unit: its name and attributes. See dwarf_object.h for `debug`, `die`. */
#ifndef DP_TOOLS_DWARF_DIE_H
#define DP_TOOLS_DWARF_DIE_H

#include <stdbool.h>
#include <stdint.h>

/* The name of a function, of an inlined one that of what was inlined; `qualified`: with the
 * namespaces and classes around it. NULL: it has none that can be read. */
const char *dp_die_function(void *debug, uint64_t offset, bool qualified);

/* False: it has no such number. */
bool dp_die_number(void *debug, void *die, unsigned attribute, uint64_t *value);

/* NULL: it has no such string. */
const char *dp_die_text(void *debug, void *die, unsigned attribute);

#endif
