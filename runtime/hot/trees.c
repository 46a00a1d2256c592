/* See trees.h. */
#include "trees.h"

#include "arch/call_out.h"
#include "base/clock.h"
#include "base/due.h"
#include "log/stream.h"
#include "stacks.h"
#include "thread/call_tree.h"

/* ---- nodes ---- */

static uint32_t *bucket_of(struct dp_call_tree *tree, uint32_t parent, uint32_t site)
{
    uint32_t hash = parent * UINT32_C(0x9E3779B1) ^ site * UINT32_C(0x85EBCA6B);
    return &tree->buckets[(hash ^ hash >> 15) % DP_TREE_NODES];
}

/* The first node of that parent and site in the chain that begins at `at` (an index plus one). */
static uint32_t find_from(const struct dp_call_tree *tree, uint32_t at, uint32_t parent,
                          uint32_t site)
{
    for (; at; at = tree->nodes[at - 1].next)
        if (tree->nodes[at - 1].parent == parent && tree->nodes[at - 1].site == site)
            return at - 1;
    return DP_TREE_NONE;
}

static void link_node(struct dp_call_tree *tree, uint32_t i)
{
    struct dp_call_node *node = &tree->nodes[i];
    uint32_t *bucket = bucket_of(tree, node->parent, node->site);
    node->next = *bucket;
    *bucket = i + 1;
}

/* Adds one even where there is a node of that parent and site. */
static uint32_t add_node(struct dp_call_tree *tree, uint32_t parent, uint32_t site)
{
    if (tree->n_nodes == DP_TREE_NODES)
        return DP_TREE_NONE;
    struct dp_call_node *node = &tree->nodes[tree->n_nodes];
    node->site = site;
    node->parent = parent;
    node->calls = node->total_ns = node->callees_ns = 0;
    link_node(tree, tree->n_nodes);
    return tree->n_nodes++;
}

static uint32_t node_below(struct dp_call_tree *tree, uint32_t parent, uint32_t site)
{
    uint32_t found = find_from(tree, *bucket_of(tree, parent, site), parent, site);
    return found != DP_TREE_NONE ? found : add_node(tree, parent, site);
}

/* Takes the nodes from `first` on out of their buckets. Each bucket begins with its newest node,
 * so the newest is taken first. */
static void unlink_from(struct dp_call_tree *tree, uint32_t first)
{
    for (uint32_t i = tree->n_nodes; i-- > first;)
        *bucket_of(tree, tree->nodes[i].parent, tree->nodes[i].site) = tree->nodes[i].next;
}

/* Adds the node at `i` to the node of its site below `parent`, which is made if there is none. */
static void put_again(struct dp_call_tree *tree, uint32_t i, uint32_t parent)
{
    struct dp_call_node *from = &tree->nodes[i];
    uint32_t site = from->site;
    uint64_t calls = from->calls, total_ns = from->total_ns, callees_ns = from->callees_ns;
    uint32_t to = node_below(tree, parent, site); /* nodes up to `i` are free again */
    tree->nodes[to].calls += calls;
    tree->nodes[to].total_ns += total_ns;
    tree->nodes[to].callees_ns += callees_ns;
    tree->moved[i] = to;
}

/* A call that asked for a tree has ended inside another one that asked, too. Its nodes, which are
 * `root` and all behind it, join the nodes that the same caller's earlier calls of this site have
 * left. Where there was no earlier call, they stay as they are. */
static void fold(struct dp_call_tree *tree, uint32_t root)
{
    const struct dp_call_node *node = &tree->nodes[root];
    if (find_from(tree, node->next, node->parent, node->site) == DP_TREE_NONE)
        return;
    uint32_t end = tree->n_nodes;
    unlink_from(tree, root);
    tree->n_nodes = root;
    for (uint32_t i = root; i < end; i++) {
        uint32_t parent = tree->nodes[i].parent;
        put_again(tree, i, i == root ? parent : tree->moved[parent]);
    }
}

/* ---- open calls ---- */

static void close_node(struct dp_call_tree *tree, const struct dp_open_node *open, uint64_t now)
{
    struct dp_call_node *node = &tree->nodes[open->node];
    uint64_t duration_ns = now > open->start_ns ? now - open->start_ns : 0;
    node->calls++;
    node->total_ns += duration_ns;
    if (node->parent != DP_TREE_NONE)
        tree->nodes[node->parent].callees_ns += duration_ns;
}

/* The innermost call was left without its end being seen: `now` is the latest it can have been. */
static void leave_innermost(struct dp_call_tree *tree, uint64_t now)
{
    const struct dp_open_node *open = &tree->calls[--tree->depth];
    close_node(tree, open, now);
    tree->left++;
    if (open->frame && tree->depth)
        fold(tree, open->node);
}

static bool push(struct dp_lane *lane, uint32_t node, uint32_t site,
                 const struct dp_site_config *config, uintptr_t stack)
{
    struct dp_call_tree *tree = lane->tree;
    if (node == DP_TREE_NONE)
        return false;
    struct dp_open_node *open = &tree->calls[tree->depth++];
    open->site = site;
    open->node = node;
    open->stack = stack;
    open->config = config;
    open->frame = 0;
    open->left_out = tree->left_out;
    open->left = tree->left;
    return true;
}

static uint32_t innermost_node(const struct dp_call_tree *tree)
{
    return tree->depth ? tree->calls[tree->depth - 1].node : DP_TREE_NONE;
}

/* The frame's `due` is not the call's any more: see trees.h. */
static struct dp_lane_frame *innermost_frame(struct dp_lane *lane)
{
    lane->frames[lane->state->frames_top].due = 0;
    return &lane->state->frames[lane->state->frames_top - 1];
}

static void start(struct dp_lane *lane)
{
    struct dp_call_tree *tree = lane->tree;
    tree->left_out = tree->left = 0;
    tree->has_ended = false;
    tree->budget = deep_profile_budget;
    lane->tree_on = true;
    deep_profile_budget = DP_TREE_BUDGET;
}

void dp_tree_begin(struct dp_lane *lane, const struct dp_site_config *config, uint64_t due,
                   uintptr_t stack)
{
    if (!lane->tree && !dp_call_out(dp_call_tree_make, lane, 0, 0))
        return;
    if (!lane->tree_on)
        start(lane);
    struct dp_call_tree *tree = lane->tree;
    uint64_t depth = lane->state->frames_top - 1;
    uint32_t site = lane->state->frames[depth].site;
    uint32_t node =
        tree->depth < DP_TREE_CALLS ? add_node(tree, innermost_node(tree), site) : DP_TREE_NONE;
    if (!push(lane, node, site, config, stack))
        return; /* dp_tree_enter() counts it */
    struct dp_open_node *open = &tree->calls[tree->depth - 1];
    open->frame = (uint32_t)depth + 1;
    open->due = due;
    open->start_ns = innermost_frame(lane)->start_ns;
}

static void turn_off(struct dp_lane *lane)
{
    struct dp_call_tree *tree = lane->tree;
    unlink_from(tree, 0);
    tree->n_nodes = tree->depth = 0;
    lane->tree_on = false;
    if (deep_profile_budget < DP_TREE_BUDGET_SHOWS)
        deep_profile_budget = tree->budget;
}

void dp_tree_drop(struct dp_lane *lane)
{
    if (lane->tree_on)
        turn_off(lane);
}

uintptr_t dp_tree_innermost(const struct dp_lane *lane)
{
    return lane->tree->calls[lane->tree->depth - 1].stack;
}

void dp_tree_leave_innermost(struct dp_lane *lane, uint64_t now)
{
    leave_innermost(lane->tree, now);
    if (!lane->tree->depth)
        turn_off(lane);
}

/* The outermost call has its frame: else it was left, has ended on another thread, or the lane
 * has forgotten it. */
static bool outermost_is_open(const struct dp_lane *lane)
{
    const struct dp_open_node *open = &lane->tree->calls[0];
    const struct dp_lane_frame *frame = &lane->state->frames[open->frame - 1];
    return open->frame <= lane->state->frames_top && frame->site == open->site &&
           frame->start_ns == open->start_ns;
}

bool dp_tree_goes_on(struct dp_lane *lane, const struct dp_site_config *config, uintptr_t stack)
{
    struct dp_call_tree *tree = lane->tree;
    bool own = dp_on_own_stack(lane, stack);
    if (!outermost_is_open(lane)) {
        turn_off(lane);
        return false;
    }
    while (own && tree->depth) {
        const struct dp_open_node *open = &tree->calls[tree->depth - 1];
        if (!dp_on_own_stack(lane, open->stack) ||
            !dp_stacks_is_over(open->stack, open->config, config, stack))
            break;
        leave_innermost(tree, dp_now_ns());
    }
    if (!tree->depth) {
        turn_off(lane);
        return false;
    }
    return !own || dp_on_own_stack(lane, tree->calls[0].stack); /* else that one is suspended */
}

uint64_t dp_tree_enter(struct dp_lane *lane, uint32_t site, const struct dp_site_config *config,
                       uintptr_t stack, uint64_t due)
{
    struct dp_call_tree *tree = lane->tree;
    bool opened = due & DP_DUE_OPENED;
    if (opened && tree->calls[tree->depth - 1].due == due)
        return due; /* it asks for a tree */
    uint32_t node = tree->depth < DP_TREE_CALLS ? node_below(tree, innermost_node(tree), site)
                                                : DP_TREE_NONE;
    if (!push(lane, node, site, config, stack)) {
        tree->left_out++;
        return due;
    }
    struct dp_open_node *open = &tree->calls[tree->depth - 1];
    if (opened) {
        open->start_ns = innermost_frame(lane)->start_ns;
    } else {
        open->start_ns = dp_now_ns();
        due = lane->due | dp_due_opened(0, 0, open->start_ns);
    }
    return open->due = due;
}

bool dp_tree_exit(struct dp_lane *lane, uint32_t site, uint64_t due, uint64_t now,
                  const struct dp_site_config **config)
{
    struct dp_call_tree *tree = lane->tree;
    uint32_t depth = tree->depth;
    due &= ~DP_DUE_UNWOUND;
    while (depth && (tree->calls[depth - 1].due != due || tree->calls[depth - 1].site != site))
        depth--;
    if (!depth)
        return false;
    while (tree->depth > depth)
        leave_innermost(tree, now);
    const struct dp_open_node *open = &tree->calls[--tree->depth];
    close_node(tree, open, now);
    if (open->frame) {
        tree->ended = *open;
        tree->has_ended = true;
        tree->written = false;
    }
    *config = open->config;
    return !(due >> DP_DUE_KINDS_SHIFT & DP_DUE_KINDS);
}

void dp_tree_after_exit(struct dp_lane *lane)
{
    struct dp_call_tree *tree = lane->tree;
    if (!lane->tree_on || !tree->has_ended)
        return;
    tree->has_ended = false;
    if (tree->depth)
        fold(tree, tree->ended.node);
    else
        turn_off(lane);
}

/* ---- what is written ---- */

static bool write_node(struct dp_lane *lane, uint64_t call, uint32_t i, uint32_t root, uint64_t now)
{
    const struct dp_call_node *node = &lane->tree->nodes[i];
    struct dp_event_call_tree_node *event =
        dp_record_begin(&lane->stream, DP_EVENT_ID_call_tree_node, sizeof *event, &now,
                        lane->state->lost);
    if (!event)
        return false;
    event->call = call;
    event->node = i - root;
    event->parent = i == root ? 0 : node->parent - root;
    event->site = node->site;
    event->calls = node->calls;
    event->total_ns = node->total_ns;
    event->callees_ns = node->callees_ns;
    dp_record_commit(&lane->stream, event + 1, now);
    return true;
}

bool dp_tree_write(struct dp_lane *lane, uint64_t call, uint64_t now)
{
    struct dp_call_tree *tree = lane->tree;
    if (!lane->tree_on || !tree->has_ended)
        return false;
    if (tree->written)
        return true;
    tree->written = true;
    if (now < lane->stream.last_ns)
        now = lane->stream.last_ns;
    uint32_t root = tree->ended.node;
    struct dp_event_call_tree *event = dp_record_begin(
        &lane->stream, DP_EVENT_ID_call_tree, sizeof *event, &now, lane->state->lost);
    if (!event)
        return true;
    event->site = tree->ended.site;
    event->nodes = tree->n_nodes - root;
    event->call = call;
    event->left_out = tree->left_out - tree->ended.left_out;
    event->left = tree->left - tree->ended.left;
    dp_record_commit(&lane->stream, event + 1, now);
    for (uint32_t i = root; i < tree->n_nodes && write_node(lane, call, i, root, now); i++)
        ;
    return true;
}
