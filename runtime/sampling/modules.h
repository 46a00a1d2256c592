/*
 * The modules of the process: what is mapped to be executed, and the unwind tables made of it.
 *
 * The steward refreshes; what it finds it publishes as a view (view.h), which is what walks
 * see. It takes no lock of the loader: the kernel lists the mappings, and in a sandbox without
 * /proc, glibc's _dl_find_object() finds them without a lock.
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
    const char *path; /* "[vdso]"; "": not known */
};

/* Steward: finds what was mapped and unmapped since the last time, and calls `changed` for
 * each module. That is valid during the call only. Code that belongs to no file is found, too,
 * but is no module. */
void dp_modules_refresh(void (*changed)(const struct dp_module *, bool gone));

/* Steward: a refresh is due. A walk met code in no known range; or a while has passed, in which
 * something may have gone, or may have been replaced. So seldom that all refreshes together take
 * less than a thousandth of the steward's time, however often code is met that nobody knows. */
bool dp_modules_wanted(void);

/* In a forked child, before the memory ceiling is reset: it has met nothing yet. */
void dp_modules_reset(void);

/* What the tables take, and how many modules have none since there is no memory for it. */
struct dp_modules_size {
    uint64_t table_bytes;
    uint32_t modules, tables, no_memory, rows;
};
void dp_modules_measure(struct dp_modules_size *size); /* Steward */

/* Any thread: code at `address`, which is in no known range, is being executed. */
void dp_modules_want(uint64_t address);

#endif
