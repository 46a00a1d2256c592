/*
 * Cells of a report's tables: names and figures as people read them.
 */
#ifndef DP_TOOLS_CELLS_H
#define DP_TOOLS_CELLS_H

#include "model/site_info.h"
#include "model/estimate.h"
#include "table.h"

/* Two cells, the function and where it is; `info` NULL: "site 7" and "?". */
void dp_cell_names(struct dp_table *table, uint32_t site, const struct dp_site_info *info);

/* "name/tid", or the tid when the name is "". */
void dp_cell_thread(struct dp_table *table, const char *name, uint32_t tid);

void dp_cell_time(struct dp_table *table, const struct dp_style *style, double ns);
/* "~" marks an estimate, ">=" a figure of which only a lower bound is known; empty when nothing is. */
void dp_cell_estimated_time(struct dp_table *table, const struct dp_style *style,
                            struct dp_estimate ns);
void dp_cell_bytes(struct dp_table *table, double bytes);

/* Empty when it is 0. */
void dp_cell_count(struct dp_table *table, uint64_t count);

/* All digits. */
void dp_cell_number(struct dp_table *table, uint64_t number);

void dp_cells_empty(struct dp_table *table, int n);

#endif
