/* See cells.h. */
#include "cells.h"

#include "base/units.h"

void dp_cell_names(struct dp_table *table, uint32_t site, const struct dp_site_info *info)
{
    char place[4300];

    if (!info) {
        dp_table_cellf(table, "site %u", site);
        dp_table_cell(table, "?");
        return;
    }
    dp_table_cell(table, info->function);
    dp_table_cell(table, dp_site_place(info, place, sizeof place));
}

void dp_cell_thread(struct dp_table *table, const char *name, uint32_t tid)
{
    if (*name)
        dp_table_cellf(table, "%s/%u", name, tid);
    else
        dp_table_cellf(table, "%u", tid);
}

void dp_cell_time(struct dp_table *table, const struct dp_style *style, double ns)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, dp_unit_ns(text, ns, style->utf8));
}

void dp_cell_estimated_time(struct dp_table *table, const struct dp_style *style,
                            struct dp_estimate ns)
{
    char text[DP_UNIT_TEXT];
    bool only_low = ns.certainty == DP_ROUGH || ns.certainty == DP_AT_LEAST;

    if (ns.certainty == DP_UNKNOWN)
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%s%s",
                       ns.certainty == DP_EXACT ? "" : only_low ? ">=" : "~",
                       dp_unit_ns(text, only_low ? ns.low : ns.value, style->utf8));
}

void dp_cell_bytes(struct dp_table *table, double bytes)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, dp_unit_bytes(text, bytes));
}

void dp_cell_count(struct dp_table *table, uint64_t count)
{
    char text[DP_UNIT_TEXT];

    dp_table_cell(table, count ? dp_unit_count(text, (double)count) : "");
}

void dp_cell_number(struct dp_table *table, uint64_t number)
{
    dp_table_cellf(table, "%llu", (unsigned long long)number);
}

void dp_cells_empty(struct dp_table *table, int n)
{
    while (n-- > 0)
        dp_table_cell(table, "");
}
