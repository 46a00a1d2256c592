/*
 * Runs the instructions of call frame information, which cfi.c finds: they change the rules from
 * address to address.
 */
#ifndef DP_CFI_PROGRAM_H
#define DP_CFI_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "processor.h"
#include "rule.h"

/* The rules while a program runs, in full width. */
struct dp_cfi_state {
    uint8_t form, number; /* of the CFA: enum dp_cfa_form, register */
    int64_t offset, more;
    struct {
        uint8_t where, number;
        int64_t offset;
    } saved[DP_SAVED_COUNT];
};

/* A common information entry. */
struct dp_cie {
    uint64_t address; /* 0: empty */
    uint64_t code_align;
    int64_t data_align;
    uint8_t encoding; /* of the functions' addresses */
    uint8_t ra;       /* the register that stands for the return address */
    bool has_data, is_signal;
    struct dp_cfi_state initial;
};

/* `rule` holds from `pc` on. */
typedef void dp_cfi_row(void *context, uint64_t pc, const struct dp_rule *rule);

/* Runs the instructions at `code`, beginning with *state, which has the last state afterwards.
 * Passes the rows within [start, end) to `row` (NULL: to nobody). False: an instruction is
 * damaged or not understood; from there on the rule is DP_CFA_NONE. */
bool dp_cfi_program_run(struct dp_cursor code, const struct dp_processor *processor,
                        const struct dp_cie *cie, uint64_t start, uint64_t end,
                        struct dp_cfi_state *state, dp_cfi_row *row, void *context);

#endif
