/*
 * What the two generators of the gate's code share. gate_early.h makes the gate
 * of an annotated function, before inlining, from variables, labels and gotos;
 * gate_late.h makes that of whole-program mode, after inlining, on SSA form.
 * Include one of these two.
 */
#ifndef DP_GATE_PARTS_H
#define DP_GATE_PARTS_H

#include "gcc-compat.h"

#include "site.h"

/* Straight code, then `then` if `left` `code` `right`. The pass adds the condition
 * when it puts the step into place. */
struct dp_gate_step {
    gimple_seq straight;
    enum tree_code code;
    tree left, right;
    gimple_seq then;
};

/* How a call is left. */
enum dp_way_out { DP_BY_RETURN, DP_BY_EXCEPTION };

/* The members that both gates have. */
struct dp_gate {
    tree site;
    location_t entry_location;
    location_t exit_location;
};

/* Emit plain C calls instead of jumps to the thunks, whatever the target. */
extern bool dp_plain_calls;

#define DP_U64 unsigned_intDI_type_node
#define DP_S64 intDI_type_node
#define DP_U32 unsigned_intSI_type_node

void dp_gate_init(struct dp_gate *gate, tree fn, tree site);

/* A variable of the runtime. Created on first use: each declaration becomes an
 * undefined symbol of the object file, also one that nothing reads. */
tree dp_runtime_variable(enum dp_root root, const char *name, tree type, bool thread_local_);

/* deep_profile_tick, deep_profile_entry_tick and, thread-local, deep_profile_budget.
 * Not volatile. */
tree dp_tick(void);
tree dp_entry_tick(void);
tree dp_budget(void);

/* Appends `target = value`; returns `target`. */
tree dp_assign(gimple_seq *code, tree target, tree value);

/* Appends `target = a op b` or, without `b`, `target = op a`; returns `target`. */
tree dp_assign(gimple_seq *code, tree target, enum tree_code op, tree a, tree b = NULL_TREE);

/* Sets the condition with which a step ends. */
void dp_set_condition(struct dp_gate_step *step, tree left, enum tree_code code, tree right);

/* Gives every statement of the step but predictions the location, for the debugger. */
void dp_set_location(const struct dp_gate_step &step, location_t location);

/* The bit to be set in `due` when an exception ends the call. */
tree dp_unwound(void);

/* Appends an operand of an asm: a constraint such as "=m", and its value. */
void dp_add_operand(vec<tree, va_gc> **operands, const char *constraint, tree value);

/* The asm that jumps to a thunk; see abi/gate.h. */
gasm *dp_thunk_jump(const char *code, vec<tree, va_gc> *inputs, vec<tree, va_gc> *outputs);

/* Text of such an asm, in both of the assembler's dialects. The thunk returns to
 * DP_HERE. */
#define DP_JUMP(site, thunk)                                                                       \
    "{lea\t" site ", %%r10|lea\tr10, " site "}\n\t"                                                \
    "{lea\t.Ldeep_profile_%=(%%rip), %%r11|lea\tr11, .Ldeep_profile_%=[rip]}\n\t"                  \
    "{jmp\t*" thunk "@GOTPCREL(%%rip)|jmp\t[QWORD PTR " thunk "@GOTPCREL[rip]]}\n"
#define DP_HERE ".Ldeep_profile_%=:"

/* An entry's call without an asm: result = NAME(&site). */
void dp_plain_enter(gimple_seq *code, const struct dp_gate *gate, enum dp_root root,
                    const char *name, tree result);

/* An exit's call, the same in both gates: a jump to the thunk deep_profile_exit, or with
 * dp_plain_calls deep_profile_exit_call(&site, due). */
void dp_exit_call(gimple_seq *code, const struct dp_gate *gate, tree due);

#endif
