/*
 * Call frame information: reads the .eh_frame of a module and finds the rule of each address.
 *
 * By DWARF 5, section 6.4, and the Linux Standard Base, "Exception Frames". The section lies in
 * the host's memory. It may be damaged or unmapped at any time, so nothing in it is trusted.
 * Code whose description is not understood gets the rule DP_CFA_NONE.
 */
#ifndef DP_CFI_H
#define DP_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cfi_program.h"
#include "cursor.h"
#include "processor.h"
#include "walk.h"

/* Receives the rules. For each function: `begin`, and if that returned true, the rows in
 * ascending order, then `end`. */
struct dp_cfi_sink {
    bool (*begin)(void *context, uint64_t start, uint64_t end);
    dp_cfi_row *row;
    void (*end)(void *context);
    void *context;
};

/* Longer records are skipped. */
#define DP_CFI_WINDOW_BYTES 65536
#define DP_CFI_CIES 32

/* Working memory, all zero at first. Too large for a stack. */
struct dp_cfi {
    const struct dp_processor *processor;
    dp_walk_read *read; /* of the module's memory */
    void *read_context;
    uint64_t start, end; /* the section */
    uint32_t most;       /* functions in it; 0: not known */
    uint32_t functions;  /* read so far */
    uint32_t left_out;   /* functions that could not be understood */
    uint64_t window_address;
    size_t window_bytes;
    struct dp_cie cies[DP_CFI_CIES]; /* a cache, by address */
    uint8_t window[DP_CFI_WINDOW_BYTES];
    uint8_t cie_window[1024];
};

/* Reads [cfi->start, cfi->end), at most to the section's end mark. False: nothing is readable. */
bool dp_cfi_read(struct dp_cfi *cfi, const struct dp_cfi_sink *sink);

/* Reads a pointer with the encoding DW_EH_PE_*; `data` is the base of DW_EH_PE_datarel. */
uint64_t dp_cfi_pointer(struct dp_cursor *cursor, uint8_t encoding, uint64_t data);

#endif
