/*
 * The log that the verbs see, and what their memory is counted by.
 *
 * files_memory.c holds the log, fuzz_verbs.c counts: blocks that stand for
 * mapped files are none of the tool's memory.
 */
#ifndef TESTS_FUZZ_FILES_MEMORY_H
#define TESTS_FUZZ_FILES_MEMORY_H

#include "packed_log.h"

/* From now on; `recover` changes it. */
void fuzz_files_are(struct log_files *files);

/* Between 1 and 0 allocations and frees are not counted. */
void fuzz_uncounted(int uncounted);

/* Whether the disk was full, as it were: a file was to grow beyond FILE_BYTES. */
extern int fuzz_disk_full;

#endif
