/* See gate_parts.h. Called by gate_early.cc and gate_late.cc; knows neither. */
#include "gate_parts.h"

#include "deep_profile/abi/gate.h"

bool dp_plain_calls;

void dp_gate_init(struct dp_gate *gate, tree fn, tree site)
{
    gate->site = site;
    gate->entry_location = DECL_STRUCT_FUNCTION(fn)->function_start_locus;
    gate->exit_location = DECL_STRUCT_FUNCTION(fn)->function_end_locus;
}

/* ---- the runtime's variables and functions ---- */

tree dp_runtime_variable(enum dp_root root, const char *name, tree type, bool thread_local_)
{
    if (dp_roots[root])
        return dp_roots[root];
    tree decl = build_decl(BUILTINS_LOCATION, VAR_DECL, get_identifier(name), type);
    dp_runtime_symbol(decl);
    TREE_ADDRESSABLE(decl) = 1;
    if (thread_local_)
        set_decl_tls_model(decl, TLS_MODEL_INITIAL_EXEC);
    varpool_node::get_create(decl);
    return dp_roots[root] = decl;
}

tree dp_tick(void)
{
    return dp_runtime_variable(DP_ROOT_TICK, "deep_profile_tick", DP_U64, false);
}

tree dp_entry_tick(void)
{
    return dp_runtime_variable(DP_ROOT_ENTRY_TICK, "deep_profile_entry_tick", DP_U64, false);
}

tree dp_budget(void)
{
    return dp_runtime_variable(DP_ROOT_BUDGET, "deep_profile_budget", DP_S64, true);
}

static tree function(enum dp_root root, const char *name, tree type)
{
    if (!dp_roots[root]) {
        tree decl = dp_runtime_function(name, type);
        TREE_NOTHROW(decl) = 1;
        DECL_ATTRIBUTES(decl) = tree_cons(get_identifier("cold"), NULL_TREE, NULL_TREE);
        dp_roots[root] = decl;
    }
    return dp_roots[root];
}

/* ---- statements ---- */

tree dp_assign(gimple_seq *code, tree target, tree value)
{
    gimple_seq_add_stmt(code, gimple_build_assign(target, value));
    return target;
}

tree dp_assign(gimple_seq *code, tree target, enum tree_code op, tree a, tree b)
{
    gimple_seq_add_stmt(code, b ? gimple_build_assign(target, op, a, b)
                                : gimple_build_assign(target, op, a));
    return target;
}

void dp_set_condition(struct dp_gate_step *step, tree left, enum tree_code code, tree right)
{
    step->left = left;
    step->code = code;
    step->right = right;
}

void dp_set_location(const struct dp_gate_step &step, location_t location)
{
    for (gimple_seq code : {step.straight, step.then})
        for (gimple_stmt_iterator g = gsi_start(code); !gsi_end_p(g); gsi_next(&g))
            if (gimple_code(gsi_stmt(g)) != GIMPLE_PREDICT)
                gimple_set_location(gsi_stmt(g), location);
}

tree dp_unwound(void)
{
    return build_int_cstu(DP_U64, DP_DUE_UNWOUND);
}

/* ---- the calls of the cold path ---- */

void dp_add_operand(vec<tree, va_gc> **operands, const char *constraint, tree value)
{
    tree text = build_string(strlen(constraint) + 1, constraint);
    vec_safe_push(*operands, build_tree_list(build_tree_list(NULL_TREE, text), value));
}

gasm *dp_thunk_jump(const char *code, vec<tree, va_gc> *inputs, vec<tree, va_gc> *outputs)
{
    vec<tree, va_gc> *clobbers = NULL;
    for (const char *name : {"r10", "r11", "cc"})
        vec_safe_push(clobbers, build_tree_list(NULL_TREE, build_string(strlen(name) + 1, name)));
    gasm *jump = gimple_build_asm_vec(code, inputs, outputs, clobbers, NULL);
    gimple_asm_set_volatile(jump, true);
    /* Counts as one instruction when the inliner weighs the function. */
    gimple_asm_set_inline(jump, true);
    return jump;
}

void dp_plain_enter(gimple_seq *code, const struct dp_gate *gate, enum dp_root root,
                    const char *name, tree result)
{
    tree type = build_function_type_list(DP_U64, ptr_type_node, NULL_TREE);
    gcall *call = gimple_build_call(function(root, name, type), 1,
                                    build_fold_addr_expr(gate->site));
    gimple_call_set_lhs(call, result);
    gimple_seq_add_stmt(code, call);
}

static void add_plain_exit(gimple_seq *code, const struct dp_gate *gate, tree due)
{
    tree type = build_function_type_list(void_type_node, ptr_type_node, DP_U64, NULL_TREE);
    tree callee = function(DP_ROOT_EXIT_CALL, "deep_profile_exit_call", type);
    gimple_seq_add_stmt(code, gimple_build_call(callee, 2, build_fold_addr_expr(gate->site), due));
}

void dp_exit_call(gimple_seq *code, const struct dp_gate *gate, tree due)
{
    if (dp_plain_calls) {
        add_plain_exit(code, gate, due);
        return;
    }
    vec<tree, va_gc> *inputs = NULL;
    dp_add_operand(&inputs, "m", gate->site);
    dp_add_operand(&inputs, "a", due);
    gimple_seq_add_stmt(code,
                        dp_thunk_jump(DP_JUMP("%0", "deep_profile_exit") DP_HERE, inputs, NULL));
}
