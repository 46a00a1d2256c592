/*
 * Makes a module's unwind table of its .eh_frame. For modules.c: the steward, under no lock.
 *
 * Collects rows as the functions come, sorts the functions, and writes the table in one piece.
 * All memory is mapped by us and taken from the memory ceiling.
 */
#ifndef DP_TABLE_BUILD_H
#define DP_TABLE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"
#include "walk.h"

/* Where a module describes its frames. */
struct dp_frames {
    uint64_t code_start, code_end; /* what is executed */
    uint64_t section, section_end; /* .eh_frame, as far as it can reach */
    uint32_t functions;            /* in it; 0: not known */
};

struct dp_table_builder;

/* NULL: no memory. A builder makes one table after the other. */
struct dp_table_builder *dp_table_builder_create(void);
void dp_table_builder_destroy(struct dp_table_builder *builder);

/* Reads the section by `read`. The bytes that dp_table_write() needs; 0: there is nothing, or
 * -errno: -ENOMEM. */
int64_t dp_table_prepare(struct dp_table_builder *builder, const struct dp_frames *frames,
                         dp_walk_read *read, void *context);

/* Writes the table that was prepared into zeroed memory of so many bytes, aligned to 8. */
struct dp_table *dp_table_write(const struct dp_table_builder *builder, void *memory);

#endif
