/*
 * A file's debug information, opened for libdwarf.
 *
 * libdwarf's types stay in the files dwarf*.c of this room: a `debug` and a `die` are
 * their Dwarf_Debug and Dwarf_Die, handed on as they are. Nothing is given back before
 * the process ends: all of it runs in the worker (worker.h).
 */
#ifndef DP_TOOLS_DWARF_OBJECT_H
#define DP_TOOLS_DWARF_OBJECT_H

#include "elf_file.h"

/* Whether the file has debug information at all. */
bool dp_dwarf_is_in(struct dp_elf *elf);

/* Sections are mapped, not copied, and read when they are needed. NULL with an empty
 * `problem`: the file has no debug information; else it says why it cannot be read. */
void *dp_dwarf_open(struct dp_elf *elf, struct dp_problem *problem);

/* What libdwarf says of `error`, its Dwarf_Error, which it gives back. */
void dp_dwarf_failed(void *debug, void *error, const char *path, struct dp_problem *problem);

#endif
