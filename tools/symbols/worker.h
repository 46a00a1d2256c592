/*
 * Reads a file's names in a process of its own.
 *
 * Program and debug files may be damaged or crafted, and libelf and libdwarf have had bugs. So
 * they run in a forked process with bounded time and memory. It returns one block of bytes,
 * which is checked. When it crashes or is stopped, the caller gets a message.
 */
#ifndef DP_TOOLS_WORKER_H
#define DP_TOOLS_WORKER_H

#include "base/message.h"
#include "file_names.h"

/* Like dp_file_names(). Returns a block for dp_answers_read(), which the caller frees. NULL with
 * `problem` set: not even the symbol table could be read. */
void *dp_worker_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                      size_t *size, struct dp_problem *problem);

#endif
