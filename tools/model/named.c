/* See named.h. */
#include "named.h"

#include <stdlib.h>

#include "base/memory.h"

/* Indices grow, but for those that a log has again. */
const struct dp_named *dp_named_find(const struct dp_named_table *table, uint32_t index)
{
    for (size_t i = table->n; i-- > 0;)
        if (table->named[i].index == index)
            return &table->named[i];
    return NULL;
}

struct dp_named *dp_named_get(struct dp_named_table *table, uint32_t index)
{
    struct dp_named *found = (struct dp_named *)dp_named_find(table, index);

    if (found)
        return found;
    table->named = dp_append(table->named, &table->n, &table->capacity, sizeof *table->named);
    table->named[table->n - 1] = (struct dp_named){.index = index, .name = dp_copy("")};
    return &table->named[table->n - 1];
}

void dp_named_forget_totals(struct dp_named_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->named[i].totals)
            dp_totals_finish(table->named[i].totals);
        free(table->named[i].totals);
        table->named[i].totals = NULL;
    }
}

void dp_named_finish(struct dp_named_table *table)
{
    dp_named_forget_totals(table);
    for (size_t i = 0; i < table->n; i++)
        free(table->named[i].name);
    free(table->named);
    *table = (struct dp_named_table){0};
}
