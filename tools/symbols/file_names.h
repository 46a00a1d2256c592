/*
 * Names of addresses of one file: by its debug information, else by its symbol table.
 *
 * Runs in the worker (worker.h): what it opens may be damaged or crafted.
 */
#ifndef DP_TOOLS_FILE_NAMES_H
#define DP_TOOLS_FILE_NAMES_H

#include "answers.h"

/* A file, as the log names it. */
struct dp_file_request {
    const char *path; /* or "[vdso]": that of this machine */
    const uint8_t *build_id;
    size_t build_id_bytes; /* 0: not known */
    bool symbols_only;     /* leave the debug information alone: */
    const char *problem;   /* this is what is wrong with it. NULL: nothing is known */
};

/* Adds names of the addresses, which are in the file's own numbering and ascend. A file of
 * another build-id is not used; what is wrong with one is the draft's problem. */
void dp_file_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                   struct dp_answers_draft *draft);

#endif
