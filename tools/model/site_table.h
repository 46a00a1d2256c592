/*
 * The sites of a process by index, as its log names them.
 *
 * Filled from `site` and `site_attribute` records, read by every verb that
 * shows functions. Owns its strings.
 */
#ifndef DP_TOOLS_SITE_TABLE_H
#define DP_TOOLS_SITE_TABLE_H

#include "log/log_packet.h"
#include "named.h"
#include "site_info.h"

/* Names, options and rules that are longer are cut: the runtime writes none. */
#define DP_NAME_BYTES 4096

struct dp_site_table {
    struct dp_site_info **sites; /* by index; NULL: not known */
    size_t capacity;
    uint32_t n; /* highest index known, plus one */
    struct dp_named_table named; /* what is no function */
};

/* Takes what a `site` or `site_attribute` record says; ignores the others. */
void dp_site_table_read(struct dp_site_table *table, const struct dp_record *record);

/* NULL when the log does not name it. */
const struct dp_site_info *dp_site_find(const struct dp_site_table *table, uint32_t index);

/* The same; a site that the log has not named yet is added with a made-up name (NULL
 * from DP_MAX_SITES on). */
struct dp_site_info *dp_site_get(struct dp_site_table *table, uint32_t index);

void dp_site_table_finish(struct dp_site_table *table);

#endif
