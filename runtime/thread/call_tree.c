/* See call_tree.h. */
#include "call_tree.h"

#include "base/memory_ceiling.h"
#include "base/os.h"
#include "lane.h"

uint64_t dp_call_tree_make(void *argument, uintptr_t unused, uintptr_t unused_too)
{
    struct dp_lane *lane = argument;
    (void)unused;
    (void)unused_too;
    if (!dp_memory_ceiling_take(sizeof *lane->tree))
        return 0;
    lane->tree = dp_os_map_memory(sizeof *lane->tree);
    if (!lane->tree)
        dp_memory_ceiling_give(sizeof *lane->tree);
    return (uintptr_t)lane->tree;
}

void dp_call_tree_release(struct dp_call_tree *tree)
{
    if (!tree)
        return;
    dp_os_unmap(tree, sizeof *tree);
    dp_memory_ceiling_give(sizeof *tree);
}
