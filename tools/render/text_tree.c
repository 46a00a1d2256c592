/* See text_tree.h. */
#include "text_tree.h"

#include "base/units.h"
#include "tree_text.h"

/* A call below this part of all time is left out. */
#define LEAST 0.005
#define MOST_SLOW 3 /* trees of single calls */

void dp_text_tree(const struct dp_report_tree *tree, const struct dp_style *style)
{
    struct dp_tree_rows rows;

    if (!tree->root)
        return;
    if (tree->flame) {
        dp_heading(style, "Call tree, from samples");
        dp_tree_rows_of_flame(&rows, tree->flame);
        dp_tree_text(&rows, LEAST, style);
        dp_tree_rows_finish(&rows);
        if (tree->root->n_callees == 0)
            return;
    }
    dp_heading(style, "Call tree, of the recorded calls");
    dp_tree_rows_of_callees(&rows, tree->root, tree->sites);
    dp_tree_text(&rows, LEAST, style);
    if (rows.n == 0)
        fputs("no call was recorded\n", style->out);
    dp_tree_rows_finish(&rows);
    if (!tree->complete)
        fputs("not every call was recorded: a call stands below the nearest recorded one around "
              "it\n",
              style->out);
}

/* ---- the trees of strategy=call_graph and time ---- */

static void print_losses(const struct dp_style *style, uint64_t left_out, uint64_t left,
                         uint64_t missing)
{
    if (left_out > 0)
        fprintf(style->out,
                "%llu call%s left out: too many different ones, or too many open at once; the time "
                "is the caller's\n",
                (unsigned long long)left_out, left_out == 1 ? " is" : "s are");
    if (left > 0)
        fprintf(style->out, "%llu call%s did not return: the time ends where that was noticed\n",
                (unsigned long long)left, left == 1 ? "" : "s");
    if (missing > 0)
        fprintf(style->out, "%llu node%s missing in the log: it was full, or is damaged\n",
                (unsigned long long)missing, missing == 1 ? " is" : "s are");
}

static void print_slow(const struct dp_report_slow *slow, const struct dp_site_table *sites,
                       const struct dp_style *style)
{
    size_t shown = 0;
    char duration[DP_UNIT_TEXT];

    for (size_t i = 0; i < slow->n && shown < MOST_SLOW; i++) {
        const struct dp_report_slow_call *call = &slow->calls[i];
        struct dp_tree_rows rows;
        if (!call->tree || call->depth > 0)
            continue;
        if (shown++ == 0)
            dp_heading(style, "Calls below the slowest calls");
        else
            fputc('\n', style->out);
        dp_print_clean(style, call->info ? call->info->function : "?");
        fprintf(style->out, ", %s\n",
                dp_unit_ns(duration, (double)call->duration_ns, style->utf8));
        dp_tree_rows_of_call(&rows, call->tree->root, sites);
        dp_tree_text(&rows, LEAST, style);
        dp_tree_rows_finish(&rows);
        print_losses(style, call->tree->left_out, call->tree->left, call->tree->missing);
    }
}

/* Of its only call the tree is shown already. */
static bool is_shown(const struct dp_report_slow *slow, const struct dp_tree_node *of)
{
    size_t shown = 0;

    for (size_t i = 0; of->calls == 1 && i < slow->n && shown < MOST_SLOW; i++) {
        const struct dp_report_slow_call *call = &slow->calls[i];
        if (!call->tree || call->depth > 0)
            continue;
        shown++;
        if (call->site == of->site)
            return true;
    }
    return false;
}

/* All calls of a function together: also of those whose own trees are above. */
static void print_sums(const struct dp_report_below *below, const struct dp_report_slow *slow,
                       const struct dp_style *style)
{
    size_t shown = 0;

    for (size_t i = 0; i < below->root.n_callees; i++) {
        const struct dp_tree_node *of = below->root.callees[i];
        struct dp_tree_rows rows;
        if (is_shown(slow, of))
            continue;
        if (shown++ == 0)
            dp_heading(style, "Calls below the functions of strategy call_graph and time");
        else
            fputc('\n', style->out);
        dp_tree_rows_of_call(&rows, of, below->sites);
        dp_tree_text(&rows, LEAST, style);
        dp_tree_rows_finish(&rows);
    }
    if (shown > 0)
        print_losses(style, below->left_out, below->left, below->missing);
    if (below->not_kept > 0)
        fprintf(style->out, "%llu more trees are in the log\n",
                (unsigned long long)below->not_kept);
}

void dp_text_below(const struct dp_report_below *below, const struct dp_report_slow *slow,
                   const struct dp_style *style)
{
    if (below->root.n_callees == 0)
        return;
    print_slow(slow, below->sites, style);
    print_sums(below, slow, style);
}
