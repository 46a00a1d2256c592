/*
 * Whole-program mode: instruments every function that is left after inlining.
 * What a person writes:
 *
 *     int push(struct stack *s, int x)
 *     {
 *         if (s->n == s->size)
 *             return grow(s, x); // a tail call
 *         s->at[s->n++] = x;
 *         return 0;
 *     }
 *
 * and what is compiled (gate_late.cc builds the marked lines; tests/plugin/pictures.py
 * compares them with what GCC dumps):
 *
 *     int push(struct stack *s, int x)
 *     {
 *         due = deep_profile_entry_tick + site.slow_after;                     entry
 *         if (due < 0) {                                                       entry
 *             if ((deep_profile_budget -= site.weight) < 0 ||                  entry, asm, cold
 *                 due & DP_ASK_ALL_SHOWS)                                      entry, asm, cold
 *                 due = deep_profile_enter(&site);                             entry, asm, cold
 *             else
 *                 due &= ~DP_ASKS;                                             entry, asm, cold
 *             if ((slot = site.count_slot) && (counts = deep_profile_counts))  entry, asm, cold
 *                 counts[slot]++;                                              entry, asm, cold
 *         }
 *         if (s->n == s->size) {
 *             if (deep_profile_tick >= due)                                    exit
 *                 deep_profile_exit(&site, due);                               exit, asm, cold
 *             return grow(s, x);
 *         }
 *         s->at[s->n++] = x;
 *         if (deep_profile_tick >= due)                                        exit
 *             deep_profile_exit(&site, due);                                   exit, asm, cold
 *         return 0;
 *     }
 *
 * Most calls are of no interest, so the straight way is one addition and its sign.
 * A site whose calls are sampled, recorded or counted has DP_ASK in its slow_after,
 * which makes `due` negative.
 *
 * Why here, before the pass "optimized", the last one on GIMPLE: inlining is
 * done, so functions that were inlined away cost nothing; the optimizers have
 * seen the code without the gate; tail calls are known. A tail call stays one:
 * the call ends before it, since the frame does. Deep tail recursion keeps its
 * constant stack; the time of the callee is the callee's.
 *
 * An exception that passes through a function without a landing pad of its own
 * runs no code of the function; the runtime notices by the stack pointer.
 *
 * Annotated functions have their gate from instrument_early.cc.
 *
 * Debugging: -fdump-tree-all writes, among others, FILE.*.deep_profile_late; for
 * the rest see instrument_early.cc.
 */
#include "instrument_late.h"
#include "attribute.h"
#include "filter.h"
#include "gate_late.h"
#include "instrument_early.h"
#include "resolver.h"
#include "site.h"

#include "deep_profile/abi/gate.h"

bool dp_all;

/* Creates the block, edges and counts of a step. `head` ends with the condition; `then` is
 * a side path that rejoins the straight one. */
static edge lay_out_step(edge way, const struct dp_gate_step &step, edge *from_then)
{
    basic_block head = split_edge(way);
    gimple_stmt_iterator g = gsi_last_bb(head);
    gsi_insert_seq_after(&g, step.straight, GSI_CONTINUE_LINKING);
    g = gsi_last_bb(head);
    gsi_insert_after(&g, gimple_build_cond(step.code, step.left, step.right, NULL_TREE, NULL_TREE),
                     GSI_CONTINUE_LINKING);
    edge straight = single_succ_edge(head);
    basic_block join = split_edge(straight);
    straight = single_succ_edge(head);

    basic_block then = create_empty_bb(head);
    if (current_loops)
        add_bb_to_loop(then, head->loop_father);
    g = gsi_last_bb(then);
    gsi_insert_seq_after(&g, step.then, GSI_CONTINUE_LINKING);
    straight->flags = (straight->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
    straight->probability = profile_probability::always();
    edge aside = make_edge(head, then, EDGE_TRUE_VALUE);
    aside->probability = profile_probability::never();
    then->count = profile_count::zero();
    *from_then = make_single_succ_edge(then, join, EDGE_FALLTHRU);
    return single_succ_edge(join);
}

/* The `due` after the gate: computed, or returned by the cold path. */
static tree merge_due(edge behind, edge from_then, const struct dp_late_gate *gate)
{
    basic_block join = behind->src;
    tree merged = make_ssa_name(TREE_TYPE(gate->computed));
    gphi *phi = create_phi_node(merged, join);
    edge e;
    edge_iterator i;
    FOR_EACH_EDGE(e, i, join->preds)
        add_phi_arg(phi, e == from_then ? gate->opened : gate->computed, e, UNKNOWN_LOCATION);
    return merged;
}

/* Returns the call's `due`. */
static tree insert_entry(const struct dp_late_gate *gate)
{
    edge from_then;
    edge behind = lay_out_step(single_succ_edge(ENTRY_BLOCK_PTR_FOR_FN(cfun)),
                               dp_late_gate_entry(gate), &from_then);
    return merge_due(behind, from_then, gate);
}

/* A statement that ends the call, and how; the exit's check goes before `at`. */
struct way_out {
    gimple *at;
    enum dp_way_out how;
};

static bool is_tail_call(const gimple *stmt)
{
    return is_gimple_call(stmt) && gimple_call_tail_p(as_a<const gcall *>(stmt));
}

/*
 * Finds returns, tail calls, and the resumption of exceptions. The block of a tail call may
 * lead to a return that other paths share. Then the check before that return is for the
 * other paths only, since no code after a tail call runs. If GCC cannot emit the call as a
 * jump after all, due_at() makes sure that the call is not ended a second time there.
 */
static void find_ways_out(vec<way_out> *found)
{
    basic_block block;
    FOR_EACH_BB_FN(block, cfun)
    {
        for (gimple_stmt_iterator g = gsi_start_nondebug_bb(block); !gsi_end_p(g);
             gsi_next_nondebug(&g)) {
            gimple *stmt = gsi_stmt(g);
            if (is_tail_call(stmt)) {
                found->safe_push({stmt, DP_BY_RETURN});
                break;
            }
            if (gimple_code(stmt) == GIMPLE_RETURN)
                found->safe_push({stmt, DP_BY_RETURN});
            else if (gimple_call_builtin_p(stmt, BUILT_IN_UNWIND_RESUME))
                found->safe_push({stmt, DP_BY_EXCEPTION});
        }
    }
}

/* Does every path that arrives along `e` come from a tail call? */
static bool comes_from_tail_call(const_edge e)
{
    for (basic_block block = e->src; block; block = single_pred_p(block) ? single_pred(block)
                                                                         : NULL) {
        if (!single_succ_p(block))
            return false;
        for (gimple_stmt_iterator g = gsi_last_bb(block); !gsi_end_p(g); gsi_prev(&g))
            if (is_tail_call(gsi_stmt(g)))
                return true;
    }
    return false;
}

/* The call's `due` at a way out: INT64_MAX on paths that come from a tail call. */
static tree due_at(tree due, const struct way_out &way)
{
    const tree never = build_int_cstu(TREE_TYPE(due), INT64_MAX);
    basic_block block = gimple_bb(way.at);
    edge e;
    edge_iterator i;
    bool any = false;
    if (gimple_code(way.at) != GIMPLE_RETURN)
        return due;
    FOR_EACH_EDGE(e, i, block->preds)
        any |= comes_from_tail_call(e);
    if (!any)
        return due;
    tree merged = make_ssa_name(TREE_TYPE(due));
    gphi *phi = create_phi_node(merged, block);
    FOR_EACH_EDGE(e, i, block->preds)
        add_phi_arg(phi, comes_from_tail_call(e) ? never : due, e, UNKNOWN_LOCATION);
    return merged;
}

static void insert_exit(const struct dp_late_gate *gate, tree due, const struct way_out &way)
{
    edge unused;
    struct dp_gate_step step = dp_late_gate_exit(gate, way.how, due_at(due, way));
    gimple_stmt_iterator g = gsi_for_stmt(way.at);
    gsi_prev(&g);
    edge before = gsi_end_p(g) ? split_block_after_labels(gimple_bb(way.at))
                               : split_block(gimple_bb(way.at), gsi_stmt(g));
    lay_out_step(before, step, &unused);
}

static unsigned statements(void)
{
    unsigned count = 0;
    basic_block block;
    FOR_EACH_BB_FN(block, cfun)
        for (gimple_stmt_iterator g = gsi_start_nondebug_bb(block); !gsi_end_p(g);
             gsi_next_nondebug(&g))
            count += gimple_code(gsi_stmt(g)) != GIMPLE_LABEL &&
                     gimple_code(gsi_stmt(g)) != GIMPLE_PREDICT;
    return count;
}

static bool has_attribute(tree fn, const char *name)
{
    return lookup_attribute(name, DECL_ATTRIBUTES(fn)) != NULL_TREE;
}

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

/* Is `fn` a constructor or destructor that we or the compiler made? With -flto they are
 * merged; then only the name shows it. */
static bool is_compilers_constructor(tree fn)
{
    const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn));
    return DECL_ARTIFICIAL(fn) &&
           (DECL_STATIC_CONSTRUCTOR(fn) || DECL_STATIC_DESTRUCTOR(fn) ||
            begins_with(name, "_sub_I_") || begins_with(name, "_sub_D_") ||
            begins_with(name, "_GLOBAL__"));
}

/* Uses the function alone, so that -g changes nothing. */
static bool wanted(tree fn)
{
    /* Read the attribute, not DECL_NO_INSTRUMENT_FUNCTION_ENTRY_EXIT: without
     * -finstrument-functions GCC sets that flag on every function. */
    if (has_attribute(fn, "naked") || has_attribute(fn, "no_instrument_function"))
        return false;
    if (dp_is_annotated(fn) || dp_is_made_resolver(fn))
        return false;
    if (is_compilers_constructor(fn) || (!dp_plain_calls && dp_taken_register()))
        return false;
    if (EDGE_COUNT(ENTRY_BLOCK_PTR_FOR_FN(cfun)->succs) != 1 || crtl->calls_eh_return)
        return false;
    if (dp_min_size && statements() < dp_min_size)
        return false;
    expanded_location at = expand_location(DECL_SOURCE_LOCATION(fn));
    return dp_filter_takes(dp_function_name(fn), at.file ? at.file : "");
}

static const pass_data late_pass_data = {
    GIMPLE_PASS, "deep_profile_late", OPTGROUP_NONE, TV_NONE, PROP_cfg | PROP_ssa, 0, 0, 0,
    TODO_update_ssa_only_virtuals,
};

class late_pass : public gimple_opt_pass
{
  public:
    late_pass() : gimple_opt_pass(late_pass_data, g)
    {
    }

    bool gate(function *) override
    {
        return dp_all;
    }

    unsigned execute(function *) override
    {
        tree fn = current_function_decl;
        auto_vec<way_out> ways;
        struct dp_late_gate gate;
        if (!wanted(fn))
            return 0;
        find_ways_out(&ways);
        dp_late_gate_init(&gate, fn, dp_make_plain_site(fn));
        tree due = insert_entry(&gate);
        for (unsigned i = 0; i < ways.length(); i++)
            insert_exit(&gate, due, ways[i]);
        free_dominance_info(CDI_DOMINATORS);
        free_dominance_info(CDI_POST_DOMINATORS);
        if (dp_verbose) {
            expanded_location at = expand_location(DECL_SOURCE_LOCATION(fn));
            fprintf(stderr, "deep-profile: %s (%s:%d): whole program\n", dp_function_name(fn),
                    at.file, at.line);
        }
        return 0;
    }
};

void dp_register_late_pass(const char *plugin)
{
    static struct register_pass_info info;
    info.pass = new late_pass();
    info.reference_pass_name = "optimized";
    info.ref_pass_instance_number = 1;
    info.pos_op = PASS_POS_INSERT_BEFORE;
    register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &info);
}
