/*
 * Where the debug information of a file lies when it is not in the file itself.
 */
#ifndef DP_TOOLS_DEBUG_FILE_H
#define DP_TOOLS_DEBUG_FILE_H

#include "elf_file.h"

/*
 * The separate debug file of `elf`: by its build-id below the debug folder, else by its
 * .gnu_debuglink beside it, in .debug/ and below the debug folder. A file of another
 * build-id (or checksum, where there is none) is none. NULL: there is none.
 *
 * The debug folder is /usr/lib/debug, or DEEP_PROFILE_DEBUG_DIR of the environment.
 */
struct dp_elf *dp_debug_file_open(struct dp_elf *elf);

/* The same for a file that is gone, of which only the build-id is known. */
struct dp_elf *dp_debug_file_of_id(const uint8_t *id, size_t bytes);

/* Whether `elf` has that build-id. */
bool dp_debug_same_id(struct dp_elf *elf, const uint8_t *id, size_t bytes);

/* The file that dwz moved what several debug files share to: by .gnu_debugaltlink. `name`
 * is the path it says, "" when there is no such link. NULL: it cannot be opened. */
struct dp_elf *dp_debug_alt_open(struct dp_elf *elf, const char **name);

#endif
