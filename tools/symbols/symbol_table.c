/* See symbol_table.h. */
#include "symbol_table.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* How many symbols before an address are checked: a function may contain other symbols. */
#define MOST_TRIES 16

static void add(void *context, const struct dp_symbol *symbol)
{
    struct dp_symbol_table *table = context;

    if (*symbol->name == '$') /* marks code and data on ARM */
        return;
    table->symbols = dp_append(table->symbols, &table->n, &table->capacity, sizeof *table->symbols);
    table->symbols[table->n - 1] = *symbol;
}

static size_t underscores(const char *name)
{
    return strspn(name, "_");
}

/* Prefers, of several names, the one that programs use: `read`, not `__GI___libc_read`. */
static int by_address_best_first(const void *a, const void *b)
{
    const struct dp_symbol *x = a, *y = b;
    size_t x_length = strlen(x->name), y_length = strlen(y->name);

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if ((x->bytes == 0) != (y->bytes == 0))
        return x->bytes == 0 ? 1 : -1;
    if (x->local != y->local)
        return x->local ? 1 : -1;
    if (underscores(x->name) != underscores(y->name))
        return underscores(x->name) < underscores(y->name) ? -1 : 1;
    if (x_length != y_length)
        return x_length < y_length ? -1 : 1;
    return strcmp(x->name, y->name);
}

void dp_symbol_table_read(struct dp_symbol_table *table, struct dp_elf *elf)
{
    dp_elf_functions(elf, add, table);
    if (table->n > 0)
        qsort(table->symbols, table->n, sizeof *table->symbols, by_address_best_first);
}

/* How many symbols begin at or below `address`. */
static size_t up_to(const struct dp_symbol_table *table, uint64_t address)
{
    size_t low = 0, high = table->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *dp_symbol_table_find(const struct dp_symbol_table *table, uint64_t address)
{
    size_t end = up_to(table, address);
    const struct dp_symbol *best = NULL;

    for (size_t i = end, tries = 0; i-- > 0 && tries < MOST_TRIES; tries++) {
        const struct dp_symbol *symbol = &table->symbols[i];
        bool has_it = symbol->bytes > 0 ? address - symbol->address < symbol->bytes
                                        : symbol->address == table->symbols[end - 1].address &&
                                              address < symbol->section_end;
        if (best && symbol->address != best->address)
            break;
        if (has_it && (!best || symbol->bytes > 0 || best->bytes == 0))
            best = symbol;
    }
    return best ? best->name : NULL;
}

void dp_symbol_table_finish(struct dp_symbol_table *table)
{
    free(table->symbols);
    *table = (struct dp_symbol_table){0};
}

bool dp_symbol_in_plt(struct dp_elf *elf, uint64_t address)
{
    struct dp_elf_section section;

    for (size_t i = 1; i < dp_elf_n_sections(elf); i++)
        if (dp_elf_section(elf, i, &section) && section.flags & SHF_EXECINSTR &&
            address >= section.address && address - section.address < section.bytes)
            return strncmp(section.name, ".plt", 4) == 0;
    return false;
}
