/*
 * One site and its attributes, as the log describes them, and what follows from that.
 *
 * Made by site_table.c, which owns the strings.
 */
#ifndef DP_TOOLS_SITE_INFO_H
#define DP_TOOLS_SITE_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <deep_profile/abi/state.h>

#include "common/event_json.h"

struct dp_site_attribute_info {
    uint32_t state; /* enum dp_attribute_state */
    uint32_t rate_ppb;
    uint64_t threshold;
    char *text; /* options, as written */
    char *rule;
    bool changed; /* it changed while the process ran: earlier calls had another configuration */
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
    size_t folders; /* characters of `file` that people need not see; see site_paths.h */
    char *module;
    struct dp_site_attribute_info *attributes[DP_ATTRIBUTE_COUNT];
};

/* Whether an attribute state means that it is in force. */
bool dp_attribute_in_force(uint32_t state);

/* Whether the site has attributes and none is in force; NULL: no. */
bool dp_site_out_of_force(const struct dp_site_info *site);

/*
 * What an attribute requests that this version does not record, as a clause
 * ("strategy=call_graph: …"); NULL: everything is recorded.
 */
const char *dp_not_recorded(const struct dp_site_info *site, uint32_t attribute);

/* "db.c:42", without the folders that are not needed to tell it from other files. */
char *dp_site_place(const struct dp_site_info *site, char *buffer, size_t size);

/* The options of an attribute of a site; NULL when the log does not say. */
const struct dp_options *dp_site_options(const struct dp_site_info *site, uint32_t attribute);

#endif
