/*
 * Searches a module's memory for its .eh_frame. Debian's GCC links static programs without
 * .eh_frame_hdr, and section headers are not in memory. The section begins with a common entry
 * that a function of the module follows: no other data has that form.
 */
#ifndef DP_CFI_SEARCH_H
#define DP_CFI_SEARCH_H

#include <stdint.h>

#include "walk.h"

struct dp_cfi_search {
    uint64_t start, end;           /* the memory to search */
    uint64_t code_start, code_end; /* where the functions are */
    dp_walk_read *read;
    void *read_context;
};

/* The section's address; 0: not found. */
uint64_t dp_cfi_search(const struct dp_cfi_search *search);

#endif
