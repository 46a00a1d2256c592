/* See compare_moved.h. */
#include "compare_moved.h"

#include <stdlib.h>

#include "base/memory.h"
#include "log/log_dir.h"
#include "profile_gather.h"
#include "run_read.h"

/* Of its time, as a share, that must lie inside what is around it. */
#define NEARLY_ALL 0.95

/* Of its growth, as a share, that may be left in what is around it. */
#define REMAINS 0.25

/* So many regressed functions are looked at, the worst ones. */
#define MOST_REGRESSED 100

/* The time of one function, and how much of it is below each other one. */
struct inside {
    const struct dp_compared **rows; /* by site; NULL: no such row */
    size_t n_sites;
    const struct dp_compared *inner;
    double total_ns;
    double *below_ns; /* by site of the outer function */
    uint32_t path[DP_TREE_DEPTH + 1];
};

static int by_function(const void *a, const void *b)
{
    const struct dp_compared *x = *(const struct dp_compared *const *)a,
                             *y = *(const struct dp_compared *const *)b;

    return dp_run_function_order(x->function, y->function);
}

/* The row of each site of the profile. */
static const struct dp_compared **rows_of_sites(const struct dp_comparison *comparison,
                                                const struct dp_profile *profile)
{
    const struct dp_compared **rows = dp_allocate((size_t)profile->sites.n + 1, sizeof *rows);
    const struct dp_compared **sorted = dp_allocate(comparison->n + 1, sizeof *sorted);

    for (size_t i = 0; i < comparison->n; i++)
        sorted[i] = &comparison->rows[i];
    qsort(sorted, comparison->n, sizeof *sorted, by_function);
    for (uint32_t s = 0; s < profile->sites.n; s++) {
        const struct dp_site_info *info = dp_site_find(&profile->sites, s);
        if (!info)
            continue;
        const struct dp_run_function name = dp_run_name_of(profile, info);
        const struct dp_compared like = {.function = &name}, *key = &like;
        const struct dp_compared **found =
            bsearch(&key, sorted, comparison->n, sizeof *sorted, by_function);
        rows[s] = found ? *found : NULL;
    }
    free(sorted);
    return rows;
}

/* Is it further down on the path? Then it is counted there. */
static bool comes_again(const struct inside *inside, size_t depth, size_t at)
{
    for (size_t i = at + 1; i < depth; i++)
        if (inside->path[i] == inside->path[at])
            return true;
    return false;
}

/* A node of `inner`, with `depth` callers; a recursion counts once. */
static void count_node(struct inside *inside, const struct dp_tree_node *node, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        if (inside->rows[inside->path[i]] == inside->inner)
            return;
    inside->total_ns += (double)node->total_ns;
    for (size_t i = 0; i < depth; i++)
        if (!comes_again(inside, depth, i))
            inside->below_ns[inside->path[i]] += (double)node->total_ns;
}

static void walk(struct inside *inside, const struct dp_tree_node *node, size_t depth)
{
    for (size_t i = 0; i < node->n_callees; i++) {
        const struct dp_tree_node *callee = node->callees[i];
        if (callee->site >= inside->n_sites || depth >= DP_TREE_DEPTH)
            continue;
        if (inside->rows[callee->site] == inside->inner)
            count_node(inside, callee, depth);
        inside->path[depth] = callee->site;
        walk(inside, callee, depth + 1);
    }
}

/* In ns a run: at most so much more than before (negative: less), or at least. */
static double growth_at_most(const struct dp_compared_figure *total)
{
    return (total->ratio.high - 1) * total->median_before;
}

static double growth_at_least(const struct dp_compared_figure *total)
{
    return (total->ratio.low - 1) * total->median_before;
}

static bool holds(const struct dp_compared *inner, const struct dp_compared *outer)
{
    const struct dp_compared_figure *total = &outer->figures[DP_RUN_TOTAL];

    if (outer == inner || (total->verdict != DP_VERDICT_UNCHANGED &&
                           total->verdict != DP_VERDICT_IMPROVED))
        return false;
    return growth_at_most(total) < REMAINS * growth_at_least(&inner->figures[DP_RUN_TOTAL]);
}

/* The nearest of the functions around it that hold; NULL: none. */
static const struct dp_compared *around(const struct inside *inside)
{
    const struct dp_compared *nearest = NULL;

    for (size_t s = 0; s < inside->n_sites; s++) {
        const struct dp_compared *outer = inside->rows[s];
        if (!outer || inside->total_ns <= 0 ||
            inside->below_ns[s] < NEARLY_ALL * inside->total_ns ||
            !holds(inside->inner, outer))
            continue;
        if (!nearest || outer->figures[DP_RUN_TOTAL].median_after <
                            nearest->figures[DP_RUN_TOTAL].median_after)
            nearest = outer;
    }
    return nearest;
}

void dp_compare_find_moved(struct dp_comparison *comparison, const struct dp_profile *profile)
{
    struct inside inside = {.rows = rows_of_sites(comparison, profile),
                            .n_sites = profile->sites.n};

    for (size_t i = 0; profile->tree && i < comparison->n && i < MOST_REGRESSED; i++) {
        struct dp_compared *row = &comparison->rows[i];
        if (row->figures[DP_RUN_TOTAL].verdict != DP_VERDICT_REGRESSED)
            continue;
        inside.inner = row;
        inside.total_ns = 0;
        inside.below_ns = dp_allocate(inside.n_sites + 1, sizeof *inside.below_ns);
        walk(&inside, &profile->tree->root, 0);
        const struct dp_compared *outer = around(&inside);
        free(inside.below_ns);
        if (!outer)
            continue;
        row->verdict = DP_VERDICT_MOVED;
        row->within = outer->function;
    }
    free(inside.rows);
    dp_comparison_settle(comparison);
}

void dp_compare_read_moved(struct dp_comparison *comparison)
{
    struct dp_profile profile;
    struct dp_problem problem;

    for (size_t i = 0; i < comparison->after->n && comparison->count[DP_VERDICT_REGRESSED]; i++) {
        const char *log = comparison->after->runs[i].name;
        if (!dp_is_log(log) ||
            dp_profile_gather(&profile, log,
                              DP_PROFILE_STATE | DP_PROFILE_STREAMS | DP_PROFILE_TREE, 0,
                              &problem) != DP_EXIT_OK)
            continue;
        dp_compare_find_moved(comparison, &profile);
        dp_profile_finish(&profile);
        return;
    }
}
