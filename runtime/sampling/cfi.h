/*
 * Call frame information: reads the .eh_frame of a module and says the rule of each address.
 *
 * After DWARF 5, section 6.4, and the Linux Standard Base, "Exception Frames". The section lies
 * in the memory of the host: nothing in it is trusted, all of it may be damaged or go away.
 * What is not understood has the rule DP_CFA_NONE.
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

/* What takes the rules. Of a function: `begin`, and where that returned true rows in ascending
 * order, and `end`. */
struct dp_cfi_sink {
    bool (*begin)(void *context, uint64_t start, uint64_t end);
    dp_cfi_row *row;
    void (*end)(void *context);
    void *context;
};

/* A record that is longer is left out. */
#define DP_CFI_WINDOW_BYTES 65536
#define DP_CFI_CIES 32

/* Memory to work in; large: not for a stack. All zero to begin with. */
struct dp_cfi {
    const struct dp_processor *processor;
    dp_walk_read *read; /* of the module's memory */
    void *read_context;
    uint64_t start, end; /* the section */
    uint32_t most;       /* functions in it; 0: not known */
    uint32_t functions;  /* read so far */
    uint32_t left_out;   /* functions that could not be read */
    uint64_t window_address;
    size_t window_bytes;
    struct dp_cie cies[DP_CFI_CIES]; /* a cache, by address */
    uint8_t window[DP_CFI_WINDOW_BYTES];
    uint8_t cie_window[1024];
};

/* Reads [cfi->start, cfi->end), up to the section's own end mark. False: nothing was readable. */
bool dp_cfi_read(struct dp_cfi *cfi, const struct dp_cfi_sink *sink);

/* A pointer encoded as DW_EH_PE_* says; `data` is what DW_EH_PE_datarel counts from. */
uint64_t dp_cfi_pointer(struct dp_cursor *cursor, uint8_t encoding, uint64_t data);

#endif
