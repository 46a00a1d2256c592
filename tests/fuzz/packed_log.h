/*
 * A whole log directory as one fuzzer input, and back.
 *
 *     input  := file*
 *     file   := u8 name-length, name, u16 number-of-extents, extent*
 *     extent := u32 zeros, u16 length, bytes         (little-endian)
 *
 * A file is what its extents add up to: the zeros that fill most of a mapped
 * state file cost nothing. Whatever does not fit into the limits is left out;
 * any input stands for some log.
 *
 * The version of a state file is 0 in an input where it is the current one, so
 * that inputs outlive it.
 *
 * Used by the fuzz target, its mutator and pack_log. Allocates with malloc.
 */
#ifndef TESTS_FUZZ_PACKED_LOG_H
#define TESTS_FUZZ_PACKED_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { MOST_FILES = 24, FILE_BYTES = 128 * 1024, NAME_BYTES = 64 };

struct log_file {
    char name[NAME_BYTES]; /* "metadata", "state/lane-0000" */
    uint8_t *bytes;        /* FILE_BYTES of room, zero behind `size` */
    size_t size;
};

struct log_files {
    struct log_file file[MOST_FILES];
    size_t n;
};

void log_files_unpack(struct log_files *log, const uint8_t *data, size_t size);

/* Bytes used, 0: it does not fit into `size`. */
size_t log_files_pack(struct log_files *log, uint8_t *data, size_t size);

/* NULL: there is none of that name. */
struct log_file *log_files_find(struct log_files *log, const char *name);

/* An empty one, NULL: there are enough. */
struct log_file *log_files_add(struct log_files *log, const char *name);

void log_files_free(struct log_files *log);

#endif
