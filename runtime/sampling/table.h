/*
 * The unwind table of a module: for each address the rule of rule.h, in about four bytes a row.
 *
 * Addresses are cut into blocks of 64 KB; a row is the 16 low bits of the address from which on
 * its rule holds, and the number of the rule. Rules that occur are kept once. A table is made
 * by the steward (table_build.c) and never changes afterwards; any thread reads it.
 */
#ifndef DP_TABLE_H
#define DP_TABLE_H

#include <stdint.h>

#include "rule.h"

#define DP_TABLE_BLOCK_BITS 16
#define DP_TABLE_FUNCTION 0x8000u /* added to a row's rule: a function begins here */
#define DP_TABLE_MOST_RULES 0x8000u

struct dp_table {
    uint64_t start, bytes; /* addresses that it is about */
    uint32_t rows, blocks, rules;
    uint32_t left_out;           /* functions whose description was not understood or had no room */
    const uint32_t *first_row;   /* of each block, and one more */
    const uint16_t *low;         /* of each row */
    const uint16_t *row_rule;
    const struct dp_rule *rule;  /* rule[0]: none */
};

/* The number of the rule for an address; 0 where there is none. */
uint32_t dp_table_find(const struct dp_table *table, uint64_t address);

/* The function that an address is in, from its start on; 0: not known. */
uint64_t dp_table_function(const struct dp_table *table, uint64_t address);

#endif
