/*
 * Opens a file's debug information with libdwarf.
 *
 * Only the files dwarf*.c of this room use libdwarf's types: the `void *` arguments `debug` and
 * `die` are a Dwarf_Debug and a Dwarf_Die. Memory is not freed: all of this runs in the worker
 * (worker.h), whose process ends soon.
 */
#ifndef DP_TOOLS_DWARF_OBJECT_H
#define DP_TOOLS_DWARF_OBJECT_H

#include "elf_file.h"

/* Whether the file has debug information at all. */
bool dp_dwarf_is_in(struct dp_elf *elf);

/* Sections are mapped, not copied, and read when needed. NULL with an empty `problem`: the file
 * has no debug information. Otherwise `problem` says why it cannot be read. */
void *dp_dwarf_open(struct dp_elf *elf, struct dp_problem *problem);

/* Writes libdwarf's message for `error`, a Dwarf_Error, and frees that. */
void dp_dwarf_failed(void *debug, void *error, const char *path, struct dp_problem *problem);

#endif
