/*
 * Builds the second piece of C in abi/gate.h, for whole-program mode. Called by
 * instrument_late.cc after inlining, on SSA form.
 *
 * The ticks and the site's words change behind the compiler's back, but a call
 * reads each of them once, so the reads need not be volatile and can be folded into
 * the instructions that use them. An empty asm keeps the exit's read of the tick at
 * the exit. Only the asm of the cold path knows the budget. The arithmetic is
 * unsigned.
 */
#include "gate_late.h"

#include "deep_profile/abi/gate.h"

/* A new SSA name that holds `value`. */
static tree load(gimple_seq *code, tree value)
{
    return dp_assign(code, make_ssa_name(TYPE_MAIN_VARIANT(TREE_TYPE(value))), value);
}

static tree compute(gimple_seq *code, enum tree_code op, tree type, tree a, tree b = NULL_TREE)
{
    return dp_assign(code, make_ssa_name(type), op, a, b);
}

/*
 * The cold path of an entry (abi/gate.h), in assembly alone: that saves GCC a
 * dozen statements and four blocks to optimize in every function.
 * %1: site.weight, which is where the site begins; %2: site.count_slot.
 */
#define LOAD_THREAD_WORD_OFFSET(name)                                                              \
    "{movq\t" name "@gottpoff(%%rip), %%r10|mov\tr10, QWORD PTR " name "@gottpoff[rip]}\n\t"
#define ASK                                                                                        \
    LOAD_THREAD_WORD_OFFSET("deep_profile_budget")                                                 \
    "{movq\t%1, %%r11|mov\tr11, %1}\n\t"                                                           \
    "{subq\t%%r11, %%fs:(%%r10)|sub\tQWORD PTR fs:[r10], r11}\n\t"                                 \
    "js\t.Ldeep_profile_enter_%=\n\t"                                                              \
    "{shlq\t$3, %%rax|shl\trax, 3}\n\t" /* due &= ~DP_ASKS; carry: bit 61, DP_ASK_ALL */           \
    "jc\t.Ldeep_profile_enter_%=\n\t"                                                              \
    "{shrq\t$3, %%rax|shr\trax, 3}\n" DP_HERE "\n\t"                                               \
    "{movl\t%2, %%r11d|mov\tr11d, %2}\n\t"                                                         \
    "{testl\t%%r11d, %%r11d|test\tr11d, r11d}\n\t"                                                 \
    "jz\t.Ldeep_profile_end_%=\n\t" LOAD_THREAD_WORD_OFFSET("deep_profile_counts")                 \
    "{movq\t%%fs:(%%r10), %%r10|mov\tr10, QWORD PTR fs:[r10]}\n\t"                                 \
    "{testq\t%%r10, %%r10|test\tr10, r10}\n\t"                                                     \
    "jz\t.Ldeep_profile_end_%=\n\t"                                                                \
    "{incq\t(%%r10,%%r11,8)|inc\tQWORD PTR [r10+r11*8]}\n\t"                                       \
    "jmp\t.Ldeep_profile_end_%=\n"                                                                 \
    ".Ldeep_profile_enter_%=:\n\t" DP_JUMP("%1", "deep_profile_enter")                             \
    ".Ldeep_profile_end_%=:"

static void call_ask(gimple_seq *code, const struct dp_late_gate *gate)
{
    if (dp_plain_calls) {
        dp_plain_enter(code, gate, DP_ROOT_ASK_CALL, "deep_profile_ask_call", gate->opened);
        return;
    }
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    dp_add_operand(&outputs, "=a", gate->opened);
    dp_add_operand(&inputs, "m", dp_site_member(gate->site, "weight"));
    dp_add_operand(&inputs, "m", dp_site_member(gate->site, "count_slot"));
    dp_add_operand(&inputs, "0", gate->computed);
    gimple *jump = dp_thunk_jump(ASK, inputs, outputs);
    SSA_NAME_DEF_STMT(gate->opened) = jump;
    gimple_seq_add_stmt(code, jump);
}

/* Without this the compiler could move the read of the tick up, over the body. */
static void let_tick_change(gimple_seq *code)
{
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    dp_add_operand(&outputs, "=m", dp_tick());
    dp_add_operand(&inputs, "m", dp_tick());
    gasm *changed = gimple_build_asm_vec("", inputs, outputs, NULL, NULL);
    gimple_asm_set_volatile(changed, true);
    gimple_asm_set_inline(changed, true);
    gimple_seq_add_stmt(code, changed);
}

void dp_late_gate_init(struct dp_late_gate *gate, tree fn, tree site)
{
    dp_gate_init(gate, fn, site);
    gate->computed = make_ssa_name(DP_U64);
    gate->opened = make_ssa_name(DP_U64);
}

/* due = entry_tick + slow_after; if (due < 0) due = ask(&site, due); The site's
 * word is read as an ordinary one, so that it can be an operand. */
struct dp_gate_step dp_late_gate_entry(const struct dp_late_gate *gate)
{
    struct dp_gate_step step = {};
    gimple_seq *code = &step.straight;
    tree word = dp_site_member(gate->site, "slow_after");
    TREE_THIS_VOLATILE(word) = 0;
    tree slow_after = load(code, word);
    tree now = load(code, dp_entry_tick());
    dp_assign(code, gate->computed, PLUS_EXPR, now, slow_after);
    dp_set_condition(&step, compute(code, NOP_EXPR, DP_S64, gate->computed), LT_EXPR,
                     build_int_cst(DP_S64, 0));
    call_ask(&step.then, gate);
    dp_set_location(step, gate->entry_location);
    return step;
}

/* if (tick >= due) exit(&site, due); */
struct dp_gate_step dp_late_gate_exit(const struct dp_late_gate *gate, enum dp_way_out way,
                                      tree due)
{
    struct dp_gate_step step = {};
    gimple_seq *code = &step.straight;
    let_tick_change(code);
    tree now = compute(code, NOP_EXPR, DP_S64, load(code, dp_tick()));
    dp_set_condition(&step, now, GE_EXPR, compute(code, NOP_EXPR, DP_S64, due));
    if (way == DP_BY_EXCEPTION)
        due = compute(&step.then, BIT_IOR_EXPR, DP_U64, due, dp_unwound());
    dp_exit_call(&step.then, gate, due);
    dp_set_location(step, gate->exit_location);
    return step;
}
