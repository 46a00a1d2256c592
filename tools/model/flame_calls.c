/* See flame_calls.h. */
#include "flame_calls.h"

#include <stdio.h>
#include <string.h>

struct adder {
    struct dp_flame *flame;
    const struct dp_site_table *sites;
    enum dp_flame_side side;
    bool bytes;
    uint32_t site; /* only calls of this site are added, and what is below them; 0: all */
    uint64_t calls;
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static uint32_t name_of(const struct adder *adder, uint32_t site)
{
    const struct dp_site_info *info = dp_site_find(adder->sites, site);
    char place[4300], number[32];

    if (info)
        return dp_flame_name(adder->flame,
                             &(struct dp_flame_name){info->function, last_part(info->module),
                                                     dp_site_place(info, place, sizeof place),
                                                     DP_FLAME_FUNCTION});
    snprintf(number, sizeof number, "site %u", site);
    return dp_flame_name(adder->flame,
                         &(struct dp_flame_name){number, "", "", DP_FLAME_UNKNOWN});
}

static uint64_t without(uint64_t whole, uint64_t part)
{
    return whole > part ? whole - part : 0;
}

/* Recurses at most DP_TREE_DEPTH deep. `inside`: within a call of the site. */
static void add_callees(struct adder *adder, const struct dp_tree_node *node, uint32_t parent,
                        bool inside)
{
    for (size_t i = 0; i < node->n_callees; i++) {
        const struct dp_tree_node *callee = node->callees[i];
        if (!inside && callee->site != adder->site) {
            add_callees(adder, callee, parent, false);
            continue;
        }
        uint32_t at = dp_flame_child(adder->flame, parent, name_of(adder, callee->site));
        if (adder->bytes) {
            adder->calls += callee->memory_calls;
            dp_flame_weigh(adder->flame, at, adder->side,
                           without(callee->bytes, callee->callees_bytes));
        } else {
            adder->calls += callee->calls;
            dp_flame_weigh(adder->flame, at, adder->side,
                           without(callee->total_ns, callee->callees_ns));
        }
        add_callees(adder, callee, at, true);
    }
}

uint64_t dp_flame_add_calls(struct dp_flame *flame, enum dp_flame_side side,
                            const struct dp_profile *profile, bool bytes, uint32_t site)
{
    struct adder adder = {flame, &profile->sites, side, bytes, site, 0};

    if (profile->tree)
        add_callees(&adder, &profile->tree->root, 0, site == 0);
    return adder.calls;
}

uint64_t dp_flame_add_trees(struct dp_flame *flame, enum dp_flame_side side,
                            const struct dp_profile *profile, const struct dp_outermost *calls)
{
    struct adder adder = {flame, &profile->sites, side, false, 0, 0};

    for (size_t i = 0; i < profile->saved_trees.n; i++) {
        const struct dp_saved_tree *tree = &profile->saved_trees.trees[i];
        if (!tree->root || !dp_outermost_is(calls, tree->call))
            continue;
        uint32_t at = dp_flame_child(flame, 0, name_of(&adder, tree->root->site));
        dp_flame_weigh(flame, at, side, without(tree->root->total_ns, tree->root->callees_ns));
        adder.calls += tree->root->calls;
        add_callees(&adder, tree->root, at, true);
    }
    return adder.calls;
}
