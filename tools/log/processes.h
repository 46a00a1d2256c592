/*
 * What the readers ask the system about processes: does the process that wrote a log still
 * run? Tests replace processes.c, as they do files.c.
 */
#ifndef DP_TOOLS_PROCESSES_H
#define DP_TOOLS_PROCESSES_H

#include <stdint.h>

/* A random number from the system. */
uint64_t dp_random(void);

/* dp_machine() of common/machine.h: where we run. */
uint64_t dp_machine_here(void);

void dp_wait_ms(unsigned ms);

/* When process `pid` started, in clock ticks since boot: field 22 of its stat.
 * 0: there is no such process, or it is a zombie. */
uint64_t dp_process_start_ticks(uint32_t pid);

/* Whether process `pid` maps the file at `path`, by its inode. ALIKE: it maps another
 * inode whose name ends in `name` (a layered file system may show the same file under
 * another inode). UNKNOWN: we are not allowed to look. */
enum dp_mapped { DP_MAPPED_UNKNOWN, DP_MAPPED_NOT, DP_MAPPED_ALIKE, DP_MAPPED };
enum dp_mapped dp_process_maps(uint32_t pid, const char *path, const char *name);

/* The folder of a file that process `pid` maps and whose path ends in `name`. The caller
 * frees it. NULL: there is none, or we are not allowed to look. */
char *dp_process_folder(uint32_t pid, const char *name);

#endif
