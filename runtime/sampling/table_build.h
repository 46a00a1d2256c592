/*
 * Makes a module's unwind table from its .eh_frame. Called by modules.c: by the steward, without
 * a lock.
 *
 * Collects the rows of each function, sorts the functions, and writes the table in one piece.
 * The memory is mapped by us and counts against the memory ceiling.
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
    uint64_t code_start, code_end; /* the executable range */
    uint64_t section, section_end; /* .eh_frame, to the furthest possible end */
    uint32_t functions;            /* how many it describes; 0: not known */
};

struct dp_table_builder;

/* NULL: no memory. One builder can make many tables, one after the other. */
struct dp_table_builder *dp_table_builder_create(void);
void dp_table_builder_destroy(struct dp_table_builder *builder);

/* Reads the section with `read`. Returns how many bytes dp_table_write() needs, 0 when there is
 * nothing to write, or -ENOMEM. */
int64_t dp_table_prepare(struct dp_table_builder *builder, const struct dp_frames *frames,
                         dp_walk_read *read, void *context);

/* Writes the prepared table into zeroed memory of that size, aligned to 8. */
struct dp_table *dp_table_write(const struct dp_table_builder *builder, void *memory);

#endif
