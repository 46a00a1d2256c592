/*
 * Where functions are, as people read it: build systems compile files by absolute paths
 * that are the same for half a line.
 */
#ifndef DP_TOOLS_SITE_PATHS_H
#define DP_TOOLS_SITE_PATHS_H

#include "site_table.h"

/* Sets `folders` of each site with an absolute path: what stands behind it tells the file
 * from all others of the table. */
void dp_site_paths_shorten(struct dp_site_table *table);

#endif
