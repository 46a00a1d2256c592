/*
 * Tells the optimizers that the jumps to the thunks are never executed. So the
 * blocks go to .text.unlikely, and the register allocator looks at the hot path
 * alone. For annotated functions; whole-program mode comes later and sets the
 * counts of its blocks itself.
 *
 * Why a pass of its own after "profile_estimate": a block has no count before. A
 * predictor (GIMPLE_PREDICT, in gate_early.cc) makes it unlikely only, and GCC
 * takes a block that calls a cold function for cold, but our call is hidden in an
 * asm. By now some functions have been inlined into others, and their jumps are
 * copies. The pass does not run without optimization; at -Os the blocks stay where
 * they are.
 *
 * Debugging: -fdump-tree-all-blocks writes FILE.*.deep_profile_cold, where the
 * blocks have count 0; -S shows them behind .section .text.unlikely.
 */
#include "mark_cold.h"
#include "gate_early.h"

static bool has_thunk_jump(basic_block block)
{
    for (gimple_stmt_iterator i = gsi_start_bb(block); !gsi_end_p(i); gsi_next(&i))
        if (dp_is_early_jump(gsi_stmt(i)))
            return true;
    return false;
}

static void mark(basic_block block)
{
    edge e;
    edge_iterator i;
    block->count = profile_count::zero();
    FOR_EACH_EDGE(e, i, block->preds)
    {
        if (EDGE_COUNT(e->src->succs) != 2)
            continue;
        edge other = EDGE_SUCC(e->src, EDGE_SUCC(e->src, 0) == e ? 1 : 0);
        e->probability = profile_probability::never();
        other->probability = profile_probability::always();
    }
}

static const pass_data cold_pass_data = {
    GIMPLE_PASS, "deep_profile_cold", OPTGROUP_NONE, TV_NONE, PROP_cfg, 0, 0, 0, 0,
};

class cold_pass : public gimple_opt_pass
{
  public:
    cold_pass() : gimple_opt_pass(cold_pass_data, g)
    {
    }

    unsigned execute(function *fun) override
    {
        basic_block block;
        FOR_EACH_BB_FN(block, fun)
        {
            if (has_thunk_jump(block))
                mark(block);
        }
        return 0;
    }
};

void dp_register_cold_pass(const char *plugin)
{
    static struct register_pass_info info;
    info.pass = new cold_pass();
    info.reference_pass_name = "profile_estimate";
    info.ref_pass_instance_number = 1;
    info.pos_op = PASS_POS_INSERT_AFTER;
    register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &info);
}
