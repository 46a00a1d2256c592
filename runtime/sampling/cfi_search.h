/*
 * Finds an .eh_frame that nothing leads to: Debian's GCC links static programs without
 * .eh_frame_hdr, and section headers are not mapped. The section begins with a common entry,
 * and behind that is a function of the module: no other data looks so.
 */
#ifndef DP_CFI_SEARCH_H
#define DP_CFI_SEARCH_H

#include <stdint.h>

#include "walk.h"

struct dp_cfi_search {
    uint64_t start, end;           /* memory that is looked through */
    uint64_t code_start, code_end; /* where the functions are */
    dp_walk_read *read;
    void *read_context;
};

/* The section's address; 0: there is none. */
uint64_t dp_cfi_search(const struct dp_cfi_search *search);

#endif
