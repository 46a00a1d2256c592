/*
 * Finds the debug information of a file that does not have it itself.
 */
#ifndef DP_TOOLS_DEBUG_FILE_H
#define DP_TOOLS_DEBUG_FILE_H

#include "elf_file.h"

/*
 * The separate debug file of `elf`. It is searched by the build-id below the debug folder, then
 * by the name in .gnu_debuglink: beside `elf`, in .debug/ and below the debug folder. Its
 * build-id must be the same, or its checksum when there is no build-id. NULL: not found.
 *
 * The debug folder is /usr/lib/debug, or DEEP_PROFILE_DEBUG_DIR of the environment.
 */
struct dp_elf *dp_debug_file_open(struct dp_elf *elf);

/* The same for a program file that no longer exists, by its build-id alone. */
struct dp_elf *dp_debug_file_of_id(const uint8_t *id, size_t bytes);

/* Whether `elf` has that build-id. */
bool dp_debug_same_id(struct dp_elf *elf, const uint8_t *id, size_t bytes);

/* The file, named by .gnu_debugaltlink, to which dwz moved what several debug files share.
 * `name` becomes that path, "" when there is no such link. NULL: none, or it cannot be opened. */
struct dp_elf *dp_debug_alt_open(struct dp_elf *elf, const char **name);

#endif
