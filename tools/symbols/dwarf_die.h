/* One entry of a unit: its name and attributes. See dwarf_object.h for `debug`, `die`. */
#ifndef DP_TOOLS_DWARF_DIE_H
#define DP_TOOLS_DWARF_DIE_H

#include <stdbool.h>
#include <stdint.h>

/* The name of a function, or of the function that was inlined. `qualified`: with its namespaces
 * and classes. NULL: it has no readable name. */
const char *dp_die_function(void *debug, uint64_t offset, bool qualified);

/* False: the entry has no such attribute with a number. */
bool dp_die_number(void *debug, void *die, unsigned attribute, uint64_t *value);

/* NULL: the entry has no such attribute with a string. */
const char *dp_die_text(void *debug, void *die, unsigned attribute);

#endif
