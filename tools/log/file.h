/*
 * One file of a log, read piece by piece, also while a process writes it.
 *
 * Used by all readers of logs; file.c is the one implementation, the fuzzer has
 * another (logs that lie in memory). Files are read with system calls, never
 * mapped: the writer cuts a file when a thread ends, the flight recorder removes
 * segments, disks fail. A read then gives fewer bytes or an error; a load from a
 * mapping would raise SIGBUS. What was opened can be read after it was removed.
 *
 * Any number of files may be open: only so many have a descriptor at a time, the
 * others get theirs back when they are read. Not for several threads.
 */
#ifndef DP_TOOLS_FILE_H
#define DP_TOOLS_FILE_H

#include <stddef.h>
#include <stdint.h>

struct dp_file;

/* 0 or -errno (-EISDIR and the like for what is not a regular file, -ELOOP for
 * a link). */
int dp_file_open(struct dp_file **file, const char *path);

/* Accepts NULL. */
void dp_file_close(struct dp_file *file);

/* As many of the bytes [offset, offset + size) as are there now, or -errno. */
int64_t dp_file_read(struct dp_file *file, void *bytes, size_t size, uint64_t offset);

/* Its size now; 0 if that cannot be found out. */
uint64_t dp_file_size(struct dp_file *file);

/*
 * The first byte from `offset` on that is outside a hole (or inside one). The end of the
 * file counts as a hole. UINT64_MAX: there is no such byte. File systems without holes have
 * data everywhere.
 */
uint64_t dp_file_data_from(struct dp_file *file, uint64_t offset);
uint64_t dp_file_hole_from(struct dp_file *file, uint64_t offset);

/* Opens the regular file at `path`, relative to `folder`; returns a descriptor or -errno.
 * `how`: O_RDONLY, O_RDWR. No file of a log can make it wait. */
int dp_file_descriptor(int folder, const char *path, int how);

#endif
