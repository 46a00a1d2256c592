/*
 * Who holds a file lock (flock, fcntl) that a thread of ours waits for: /proc/locks says which
 * process. Which thread of it is not known to the system. Steward only.
 */
#ifndef DP_FILE_LOCKS_H
#define DP_FILE_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"

/* Appends ", held by process 4711 (name)", "this process", or ", holder not known". `fd` is the
 * host's descriptor; `posix`: a lock of fcntl, else one of flock. */
void dp_file_lock_holder(uint32_t fd, bool posix, struct dp_text *text);

/* The same from the contents of /proc/locks, where process `self` waits for a lock of the file
 * `inode`: the holder's process; 0: not known. Pure. */
uint64_t dp_file_lock_holder_in(const char *locks, uint64_t self, uint64_t inode, bool posix);

#endif
