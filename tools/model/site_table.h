/*
 * The sites of a process by index, as its log names them.
 *
 * Filled from `site` and `site_attribute` records, read by every verb that
 * shows functions. Owns its strings.
 */
#ifndef DP_TOOLS_SITE_TABLE_H
#define DP_TOOLS_SITE_TABLE_H

#include "common/event_json.h"
#include <deep_profile/abi/state.h>

#include "log/log_reader.h"

/* Names, options and rules longer than any that the runtime writes are cut. */
#define DP_NAME_BYTES 4096

struct dp_site_attribute_info {
    uint32_t state; /* enum dp_attribute_state */
    uint32_t rate_ppb;
    uint64_t threshold;
    char *text; /* options, as written */
    char *rule;
    bool parsed; /* `options` holds; its words point into `text` */
    struct dp_options options;
};

struct dp_site_info {
    uint32_t index;
    uint32_t line;
    uint32_t flags;
    uint64_t id;
    char *function; /* never NULL; "site 7" when the log does not say */
    char *file;
    char *module;
    struct dp_site_attribute_info *attributes[DP_ATTRIBUTE_COUNT];
};

struct dp_site_table {
    struct dp_site_info **sites; /* by index; NULL: not known */
    size_t capacity;
    uint32_t n; /* highest index known, plus one */
};

/* Takes what a `site` or `site_attribute` record says; ignores the others. */
void dp_site_table_read(struct dp_site_table *table, const struct dp_record *record);

/* NULL when the log did not name it. */
const struct dp_site_info *dp_site_find(const struct dp_site_table *table, uint32_t index);

/* The same, made up when the log did not name it (NULL above DP_MAX_SITES). */
struct dp_site_info *dp_site_get(struct dp_site_table *table, uint32_t index);

/* Whether an attribute state means that it is in force. */
bool dp_attribute_in_force(uint32_t state);

/* Whether it was annotated and none of its attributes is in force; NULL: no. */
bool dp_site_out_of_force(const struct dp_site_info *site);

/*
 * What an attribute of the site that is in force asks for by name that this version
 * does not gather yet, as a clause ("strategy call_graph: …"); NULL when there is
 * nothing of the kind.
 */
const char *dp_not_recorded(const struct dp_site_info *site, uint32_t attribute);

/* "db.c:42" */
char *dp_site_place(const struct dp_site_info *site, char *buffer, size_t size);

/* The options of an attribute of a site; NULL when the log does not say. */
const struct dp_options *dp_site_options(const struct dp_site_info *site, uint32_t attribute);

void dp_site_table_finish(struct dp_site_table *table);

#endif
