/*
 * DWARF expressions in call frame information. Compilers, the linker and libc write a few
 * shapes; these are turned into rules, and nothing is computed while a stack is walked.
 */
#ifndef DP_CFI_EXPRESSION_H
#define DP_CFI_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_program.h"

/* Of the CFA. False: another shape. */
bool dp_cfi_expression_cfa(struct dp_cursor code, const struct dp_processor *processor,
                           struct dp_cfi_state *state);

/* Of the place where a register is saved: register + offset. False: another shape. */
bool dp_cfi_expression_place(struct dp_cursor code, uint8_t *number, int64_t *offset);

#endif
