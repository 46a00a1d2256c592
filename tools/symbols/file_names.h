/*
 * Finds names of addresses of one file: in its debug information, else in its symbol table.
 *
 * Runs in the worker (worker.h), since the files may be damaged or crafted.
 */
#ifndef DP_TOOLS_FILE_NAMES_H
#define DP_TOOLS_FILE_NAMES_H

#include "answers.h"

/* A file, as the log names it. */
struct dp_file_request {
    const char *path; /* or "[vdso]": that of this machine */
    const uint8_t *build_id;
    size_t build_id_bytes; /* 0: not known */
    bool symbols_only;     /* do not read the debug information: */
    const char *problem;   /* this is wrong with it. NULL: read it */
};

/* Adds the names of ascending addresses, which are relative to the file. A file with another
 * build-id is not used; then the draft's `problem` says what is wrong. */
void dp_file_names(const struct dp_file_request *request, const uint64_t *addresses, size_t n,
                   struct dp_answers_draft *draft);

#endif
