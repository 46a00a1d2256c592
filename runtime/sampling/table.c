/* See table.h. */
#include "table.h"

/* The row for `offset` from the table's start; `rows`: there is none. */
static uint32_t row_of(const struct dp_table *table, uint64_t offset)
{
    if (offset >= table->bytes)
        return table->rows;
    uint64_t block = offset >> DP_TABLE_BLOCK_BITS;
    uint16_t low = (uint16_t)offset;
    uint32_t first = table->first_row[block], rows = table->first_row[block + 1] - first;
    const uint16_t *at = table->low + first;
    while (rows > 0) { /* in the end, `at` is the first row above `low` */
        uint32_t half = rows / 2;
        bool above = at[half] <= low;
        at = above ? at + half + 1 : at;
        rows = above ? rows - half - 1 : half;
    }
    return at == table->low ? table->rows : (uint32_t)(at - table->low - 1);
}

uint32_t dp_table_find(const struct dp_table *table, uint64_t address)
{
    uint32_t row = row_of(table, address - table->start);
    return row == table->rows ? 0 : table->row_rule[row] & ~DP_TABLE_FUNCTION;
}

static uint64_t address_of(const struct dp_table *table, uint32_t row, uint64_t block)
{
    while (block > 0 && table->first_row[block] > row)
        block--;
    return table->start + (block << DP_TABLE_BLOCK_BITS) + table->low[row];
}

uint64_t dp_table_function(const struct dp_table *table, uint64_t address)
{
    enum { MOST_ROWS = 1000 }; /* bounded: functions have about a dozen rows */
    uint32_t row = row_of(table, address - table->start);
    if (row == table->rows)
        return 0;
    for (int i = 0; i < MOST_ROWS; i++, row--) {
        if (table->row_rule[row] & DP_TABLE_FUNCTION)
            return address_of(table, row, (address - table->start) >> DP_TABLE_BLOCK_BITS);
        if (row == 0)
            break;
    }
    return 0;
}
