/*
 * The modules of the process: what is mapped to be executed, and the unwind tables made of it.
 *
 * The steward refreshes; dp_walk() reads, in any thread and in signal handlers.
 */
#ifndef DP_MODULES_H
#define DP_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#define DP_BUILD_ID_BYTES 32

struct dp_module {
    uint64_t start, end; /* executable range */
    uint64_t bias;       /* an address less this is one in the file's own numbering */
    uint32_t build_id_bytes; /* 0: the file has none */
    uint8_t build_id[DP_BUILD_ID_BYTES];
    const char *path; /* "[vdso]"; "": not known, code that was made at run time */
};

/* Steward: finds what was mapped and unmapped since the last time, and calls `changed` for
 * each. The module is valid during the call only. */
void dp_modules_refresh(void (*changed)(const struct dp_module *, bool gone));

/* Any thread: code was met that is in no known module since the last refresh. */
bool dp_modules_wanted(void);

#endif
