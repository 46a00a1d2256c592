/*
 * The unwind table of a module: for each address the rule of rule.h, in about four bytes a row.
 *
 * Addresses are divided into blocks of 64 KB. A row has the low 16 bits of the first address of
 * its rule, and the rule's number. Each distinct rule is stored once. The steward makes a table
 * (table_build.c), which never changes afterwards; any thread may read it.
 */
#ifndef DP_TABLE_H
#define DP_TABLE_H

#include <stdint.h>

#include "rule.h"

#define DP_TABLE_BLOCK_BITS 16
#define DP_TABLE_FUNCTION 0x8000u /* a bit in a row's rule: a function begins here */
#define DP_TABLE_MOST_RULES 0x8000u

struct dp_table {
    uint64_t start, bytes; /* the addresses that the table covers */
    uint32_t rows, blocks, rules;
    uint32_t left_out;           /* functions left out: not understood, or no room */
    const uint32_t *first_row;   /* the first row of each block, and the end */
    const uint16_t *low;         /* of each row */
    const uint16_t *row_rule;
    const struct dp_rule *rule;  /* rule[0]: none */
};

/* The number of the rule for an address; 0 where there is none. */
uint32_t dp_table_find(const struct dp_table *table, uint64_t address);

/* The start of the function that the address is in; 0: not known. */
uint64_t dp_table_function(const struct dp_table *table, uint64_t address);

#endif
