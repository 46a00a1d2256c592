/* See text_tree.h. */
#include "text_tree.h"

#include "base/units.h"
#include "cells.h"

/* A call below this part of all time is left out. */
#define SMALLEST_PART 200

static const struct dp_column columns[] = {
    {"total", false, 0}, {"%", false, 1},      {"self", false, 1},
    {"calls", false, 1}, {"function", true, 0}, {"at", true, 2},
};

struct printer {
    struct dp_table table;
    const struct dp_report_tree *tree;
    const struct dp_style *style;
    size_t left_out;
};

static void node_row(struct printer *printer, const struct dp_tree_node *node, int depth)
{
    const struct dp_site_info *info = dp_site_find(printer->tree->sites, node->site);
    char text[DP_UNIT_TEXT], place[4300];

    dp_cell_time(&printer->table, printer->style, (double)node->total_ns);
    dp_table_cell(&printer->table,
                  dp_unit_percent(text, (double)node->total_ns /
                                            (double)printer->tree->root->callees_ns));
    dp_cell_time(&printer->table, printer->style,
                 (double)node->total_ns - (double)node->callees_ns);
    dp_cell_count(&printer->table, node->calls);
    if (info)
        dp_table_cellf(&printer->table, "%*s%s", depth, "", info->function);
    else
        dp_table_cellf(&printer->table, "%*ssite %u", depth, "", node->site);
    dp_table_cell(&printer->table, info ? dp_site_place(info, place, sizeof place) : "?");
}

/* At most DP_TREE_DEPTH deep. */
static void callee_rows(struct printer *printer, const struct dp_tree_node *node, int depth)
{
    for (size_t i = 0; i < node->n_callees; i++) {
        const struct dp_tree_node *callee = node->callees[i];
        if (callee->total_ns < printer->tree->root->callees_ns / SMALLEST_PART) {
            printer->left_out += node->n_callees - i;
            return; /* sorted: the others took even less */
        }
        node_row(printer, callee, depth);
        callee_rows(printer, callee, depth + 1);
    }
}

void dp_text_tree(const struct dp_report_tree *tree, const struct dp_style *style)
{
    struct printer printer = {.tree = tree, .style = style};

    if (!tree->root)
        return;
    dp_heading(style, "Call tree, of the recorded calls");
    dp_table_start(&printer.table, columns, sizeof columns / sizeof *columns);
    callee_rows(&printer, tree->root, 0);
    if (printer.table.n_cells > 0)
        dp_table_print(&printer.table, style);
    dp_table_finish(&printer.table);
    if (tree->root->n_callees == 0)
        fputs("no call was recorded\n", style->out);
    if (printer.left_out > 0)
        fprintf(style->out, "and %zu more that took less than 0.5 %% each (--format=json has all)\n",
                printer.left_out);
    if (!tree->complete)
        fputs("not every call was recorded: a call stands below the nearest recorded one around "
              "it\n",
              style->out);
}
