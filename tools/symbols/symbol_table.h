/* Functions of a file by its ELF symbol table. */
#ifndef DP_TOOLS_SYMBOL_TABLE_H
#define DP_TOOLS_SYMBOL_TABLE_H

#include "elf_file.h"

struct dp_symbol_table {
    struct dp_symbol *symbols; /* by address; for the same address, the best name first */
    size_t n, capacity;
};

/* Reads the symbols into a zeroed table. The file must stay open. */
void dp_symbol_table_read(struct dp_symbol_table *table, struct dp_elf *elf);

/* The function that contains an address, by its name in the file; NULL: none. */
const char *dp_symbol_table_find(const struct dp_symbol_table *table, uint64_t address);

void dp_symbol_table_finish(struct dp_symbol_table *table);

/* Whether the address lies in the linker's code for calls of other modules (PLT). */
bool dp_symbol_in_plt(struct dp_elf *elf, uint64_t address);

#endif
