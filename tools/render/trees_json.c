/* See trees_json.h. */
#include "trees_json.h"

#include "model/tree_rows.h"
#include "site_json.h"

static void put_callees(struct dp_json *array, const struct dp_site_table *sites,
                        const struct dp_tree_node *node, uint32_t depth)
{
    for (size_t i = 0; i < node->n_callees; i++) {
        const struct dp_tree_node *callee = node->callees[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "depth", depth);
        dp_json_put_site(one, callee->site, dp_site_find(sites, callee->site));
        dp_json_put_u64(one, "calls", callee->calls);
        dp_json_put_u64(one, "total_ns", callee->total_ns);
        dp_json_put_i64(one, "self_ns", (int64_t)(callee->total_ns - callee->callees_ns));
        put_callees(array, sites, callee, depth + 1);
    }
}

void dp_json_put_below(struct dp_json *array, const struct dp_site_table *sites,
                       struct dp_tree_node *of)
{
    const struct dp_tree_node around = {.callees = &of, .n_callees = 1};

    put_callees(array, sites, &around, 0);
}

/* The same of stacks, whose functions may have no site. */
static void put_sampled_tree(struct dp_json *array, const struct dp_flame *flame)
{
    struct dp_tree_rows rows;

    dp_tree_rows_of_flame(&rows, flame);
    for (size_t i = 0; i < rows.n; i++) {
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_u64(one, "depth", rows.rows[i].depth);
        dp_json_put_text(one, "function", rows.rows[i].function);
        dp_json_put_u64(one, "total_ns", rows.rows[i].total_ns);
        dp_json_put_u64(one, "self_ns", rows.rows[i].self_ns);
    }
    dp_tree_rows_finish(&rows);
}

void dp_json_put_tree(struct dp_json *object, const struct dp_report_tree *tree)
{
    if (!tree->root)
        return;
    put_callees(dp_json_put_array(object, "call_tree"), tree->sites, tree->root, 0);
    dp_json_put_bool(object, "call_tree_complete", tree->complete);
    if (tree->flame)
        put_sampled_tree(dp_json_put_array(object, "call_tree_of_samples"), tree->flame);
}

/* Of the functions of strategy call_graph and time. */
void dp_json_put_below_all(struct dp_json *object, const struct dp_report_below *below)
{
    if (below->root.n_callees == 0)
        return;
    put_callees(dp_json_put_array(object, "calls_below"), below->sites, &below->root, 0);
    dp_json_put_u64(object, "calls_below_left_out", below->left_out);
    dp_json_put_u64(object, "calls_below_left", below->left);
    dp_json_put_u64(object, "calls_below_missing", below->missing);
    dp_json_put_u64(object, "trees_not_kept", below->not_kept);
}
