/*
 * The log that the verbs see, and what their memory is counted by.
 *
 * files_memory.c holds the log, fuzz_verbs.c counts: blocks that stand for
 * mapped files are none of the tool's memory.
 */
#ifndef TESTS_FUZZ_FILES_MEMORY_H
#define TESTS_FUZZ_FILES_MEMORY_H

#include "packed_log.h"

/* Makes this the log that verbs see; `recover` changes it. */
void fuzz_files_are(struct log_files *files);

/* After 1 and until 0, allocations and frees are not counted. */
void fuzz_uncounted(int uncounted);

/* A verb was told that the disk is full: a file would have grown beyond FILE_BYTES. */
extern int fuzz_disk_full;

#endif
