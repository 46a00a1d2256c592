/*
 * DWARF expressions in call frame information. Compilers, linkers and libc write only a few
 * forms. These become rules here, so that a walk never evaluates an expression.
 */
#ifndef DP_CFI_EXPRESSION_H
#define DP_CFI_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_program.h"

/* An expression for the CFA. False: another form. */
bool dp_cfi_expression_cfa(struct dp_cursor code, const struct dp_processor *processor,
                           struct dp_cfi_state *state);

/* An expression for the place of a saved register: register + offset. False: another form. */
bool dp_cfi_expression_place(struct dp_cursor code, uint8_t *number, int64_t *offset);

#endif
