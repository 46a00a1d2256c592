/*
 * What is known of a site: its names, its attributes' options, and its records in the log.
 * Called by sites.c under the registry's lock.
 */
#ifndef DP_DESCRIBE_H
#define DP_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "site.h"

/* Copies names and options of the site out of its module, configures it and logs it. `module` is
 * the module's name. False: no memory. */
bool dp_site_describe(uint32_t index, struct dp_site_state *state, const char *module);

/* The same for what has no code: its name is desc->function. */
bool dp_site_describe_name(uint32_t index, struct dp_site_state *state,
                           const struct dp_site_desc *desc);

/* Whether a site whose module was loaded again has the same options and switches as before. The
 * module may be another build, and an environment variable of enabled= may have changed. */
bool dp_site_is_unchanged(const struct dp_site_state *state);

void dp_site_log(uint32_t index, const struct dp_site_state *state);

#endif
