/*
 * Call trees: strategy=call_graph and time. While a call that asks for one is open, every
 * instrumented call below it, on its thread, has a node (thread/call_tree.h). The tree is
 * written when the call has ended; where a threshold is given, only if it was slow. So the call
 * that was slow is explained, and the others leave nothing.
 *
 * How the calls below get here: the thread's budget is DP_TREE_BUDGET meanwhile, which no
 * weight brings above 0, so every gate of the thread opens. Other threads, and the thread
 * itself at other times, have no cost of this. The budget that the thread would have is kept in
 * the tree, and each gate's weight is taken from it, so calls are sampled as always. (In
 * whole-program mode gates must ask first: sites/sites.c.)
 *
 * A call that opened its gate for this alone has no frame; its `due` is DP_DUE_OPENED without
 * a kind. One with a frame has a `due` in the frame that is not its own, so that its end takes
 * the long way, dp_stacks_exit().
 *
 * The open calls of a tree are true as far as those of a lane are (stacks.h): a longjmp, an
 * exception or a coroutine that ends elsewhere is noticed when a call begins or ends above.
 *
 * Under the same rules as enter.c.
 */
#ifndef DP_TREES_H
#define DP_TREES_H

#include "deep_profile/abi/gate.h"
#include "sites/config.h"
#include "thread/lane.h"

#define DP_TREE_BUDGET (-2 * DP_WEIGHT_ALWAYS)
/* Where lane->tree_on, budgets below are DP_TREE_BUDGET, less what gates have taken. Else they are
 * what two gates have taken at once: a handler came between a gate and the runtime. */
#define DP_TREE_BUDGET_SHOWS (-DP_WEIGHT_ALWAYS - DP_WEIGHT_ALWAYS / 2)

/* A call that asks for a tree has just been opened; it has the innermost frame. */
void dp_tree_begin(struct dp_lane *lane, const struct dp_site_config *config, uint64_t due,
                   uintptr_t stack);
/* A call of `config` begins at `stack`. False: it is not below the calls that ask for a tree.
 * Also where these are gone: then lane->tree_on is false, and the thread has its budget back. */
bool dp_tree_goes_on(struct dp_lane *lane, const struct dp_site_config *config, uintptr_t stack);
/* A call that is below begins; `due` as without a tree. Returns what it is with one. */
uint64_t dp_tree_enter(struct dp_lane *lane, uint32_t site, const struct dp_site_config *config,
                       uintptr_t stack, uint64_t due);

/* lane->tree_on, and a call ends: its node knows. True: the call opened its gate for the tree
 * alone, and *config is what it began under. */
bool dp_tree_exit(struct dp_lane *lane, uint32_t site, uint64_t due, uint64_t now,
                  const struct dp_site_config **config);
/* After dp_tree_exit(), once the call has been finished. */
void dp_tree_after_exit(struct dp_lane *lane);

/* Writes the tree of the call that dp_tree_exit() was about. False: there is none. */
bool dp_tree_write(struct dp_lane *lane, uint64_t call, uint64_t now);

/* lane->tree_on: the stack pointer of the innermost call; it was left. */
uintptr_t dp_tree_innermost(const struct dp_lane *lane);
void dp_tree_leave_innermost(struct dp_lane *lane, uint64_t now);

/* Nothing is below any more, whatever is open. */
void dp_tree_drop(struct dp_lane *lane);

#endif
