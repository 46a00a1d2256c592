/*
 * Reads a file's names in a process of its own.
 *
 * Program and debug files may be damaged or crafted, and libelf and libdwarf, which read
 * them, have had their faults. So they run in a forked process that has bounded time and
 * memory and hands back one block of bytes, which is checked. Its end, whatever it is, is
 * a message.
 */
#ifndef DP_TOOLS_WORKER_H
#define DP_TOOLS_WORKER_H

#include "base/message.h"
#include "file_names.h"

/* As dp_file_names(). The block is for dp_answers_read(), and the caller frees it. NULL with
 * `problem` set: not even the symbol table could be read. */
void *dp_worker_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                      size_t *size, struct dp_problem *problem);

#endif
