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
 * each such module, which is valid during that call only. Code that belongs to no file becomes a
 * range of the view, but no module. */
void dp_modules_refresh(void (*changed)(const struct dp_module *, bool gone));

/* Steward: whether a refresh is due: a walk met code in no known range, or enough time has
 * passed that a module may have been unloaded or replaced. Refreshes are spaced by their own
 * cost, so that they take less than a thousandth of the time even when unknown code keeps being
 * met. */
bool dp_modules_wanted(void);

/* In a forked child, before the memory ceiling is reset: forgets all modules. */
void dp_modules_reset(void);

/* The memory of the tables, and how many modules have no table because it ran out. */
struct dp_modules_size {
    uint64_t table_bytes;
    uint32_t modules, tables, no_memory, rows;
};
void dp_modules_measure(struct dp_modules_size *size); /* Steward */

/* Any thread: a walk met code at `address`, which is in no known range. */
void dp_modules_want(uint64_t address);

#endif
