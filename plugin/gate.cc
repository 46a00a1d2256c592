/*
 * Builds the code that abi/gate.h shows in C. Called by the instrumenting
 * passes, which decide where it goes.
 *
 * Three things keep it both right and cheap:
 *  - The tick, the site's words and the two thread-local pointers are read as
 *    volatile: the steward or the slow path changes them behind the compiler's
 *    back, and a copy inlined into a loop must see it. After inlining, on SSA
 *    form, each is read once a call, and an ordinary read can be folded into
 *    the instruction that uses it; only the tick is read twice, and an empty
 *    asm says that it may have changed.
 *  - The budget is an ordinary variable that the asm of the cold path reads
 *    and writes, so it can stay in a register through such a loop. A "memory"
 *    clobber would spill the user's values too. After inlining only the asm
 *    itself knows of it.
 *  - The arithmetic is unsigned: neither -ftrapv nor a sanitizer has a say.
 */
#include "gate.h"
#include "site.h"

#include "deep_profile/abi/gate.h"

bool dp_plain_calls;

#define U64 unsigned_intDI_type_node
#define S64 intDI_type_node
#define U32 unsigned_intSI_type_node

/* Is the function past inlining? */
static bool is_late(void)
{
    return gimple_in_ssa_p(cfun);
}

/* Built on first use, and only those that are used: each becomes an undefined
 * symbol of the object file. */
static tree variable(enum dp_root root, const char *name, tree type, bool thread_local_)
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

/* *(volatile type *)&decl: the declaration itself must not be volatile, or no
 * access could be ordinary. */
static tree volatile_access(tree decl)
{
    tree type = TREE_TYPE(decl);
    tree reference = build2(MEM_REF, type, build_fold_addr_expr(decl),
                            build_int_cst(build_pointer_type(type), 0));
    TREE_THIS_VOLATILE(reference) = 1;
    TREE_SIDE_EFFECTS(reference) = 1;
    return reference;
}

static tree budget(void)
{
    return variable(DP_ROOT_BUDGET, "deep_profile_budget", S64, true);
}

static tree tick(void)
{
    tree decl = variable(DP_ROOT_TICK, "deep_profile_tick", U64, false);
    return is_late() ? decl : volatile_access(decl);
}

static tree entry_tick(void)
{
    return variable(DP_ROOT_ENTRY_TICK, "deep_profile_entry_tick", U64, false);
}

static tree open_calls(void)
{
    return volatile_access(variable(DP_ROOT_OPEN, "deep_profile_open", ptr_type_node, true));
}

static tree counts(void)
{
    return volatile_access(variable(DP_ROOT_COUNTS, "deep_profile_counts", ptr_type_node, true));
}

static tree function(enum dp_root root, const char *name, tree type)
{
    if (!dp_roots[root]) {
        tree decl = dp_runtime_symbol(build_fn_decl(name, type));
        TREE_NOTHROW(decl) = 1;
        DECL_ATTRIBUTES(decl) = tree_cons(get_identifier("cold"), NULL_TREE, NULL_TREE);
        dp_roots[root] = decl;
    }
    return dp_roots[root];
}

/* Assigned to once. */
static tree new_temporary(tree type)
{
    return is_late() ? make_ssa_name(type) : create_tmp_var(type, "dp");
}

/* A new temporary that holds `value`. */
static tree load(gimple_seq *code, tree value)
{
    tree temporary = new_temporary(TYPE_MAIN_VARIANT(TREE_TYPE(value)));
    gimple_seq_add_stmt(code, gimple_build_assign(temporary, value));
    return temporary;
}

static tree compute(gimple_seq *code, enum tree_code op, tree type, tree a, tree b)
{
    tree temporary = new_temporary(type);
    gimple_seq_add_stmt(code, b ? gimple_build_assign(temporary, op, a, b)
                                : gimple_build_assign(temporary, op, a));
    return temporary;
}

static void store(gimple_seq *code, tree target, tree value)
{
    gimple_seq_add_stmt(code, gimple_build_assign(target, value));
}

/* *(type *)(pointer + offset), volatile; outside of type-based aliasing. */
static tree at(tree pointer, size_t offset, tree type)
{
    tree any = build_pointer_type_for_mode(type, ptr_mode, true);
    tree reference = build2(MEM_REF, type, pointer, build_int_cst(any, offset));
    TREE_THIS_VOLATILE(reference) = 1;
    TREE_SIDE_EFFECTS(reference) = 1;
    return reference;
}

static struct dp_gate_step *new_step(vec<dp_gate_step> *steps)
{
    struct dp_gate_step step = {};
    steps->safe_push(step);
    return &steps->last();
}

static void set_condition(struct dp_gate_step *step, enum tree_code code, tree left, tree right)
{
    step->code = code;
    step->left = left;
    step->right = right;
}

static void set_locations(vec<dp_gate_step> *steps, location_t location)
{
    for (unsigned i = 0; i < steps->length(); i++)
        for (gimple_seq code : {(*steps)[i].straight, (*steps)[i].then})
            for (gimple_stmt_iterator g = gsi_start(code); !gsi_end_p(g); gsi_next(&g))
                gimple_set_location(gsi_stmt(g), location);
}

static void add_operand(vec<tree, va_gc> **operands, const char *constraint, tree value)
{
    tree text = build_string(strlen(constraint) + 1, constraint);
    vec_safe_push(*operands, build_tree_list(build_tree_list(NULL_TREE, text), value));
}

/* The jump to a thunk, see abi/gate.h. In both of the assembler's dialects. */
static gimple *thunk_jump(const char *code, vec<tree, va_gc> *inputs, vec<tree, va_gc> *outputs)
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

/* Goes on at .Ldeep_profile_N. */
#define JUMP(site, thunk)                                                                          \
    "{lea\t" site ", %%r10|lea\tr10, " site "}\n\t"                                                \
    "{lea\t.Ldeep_profile_%=(%%rip), %%r11|lea\tr11, .Ldeep_profile_%=[rip]}\n\t"                  \
    "{jmp\t*" thunk "@GOTPCREL(%%rip)|jmp\t[QWORD PTR " thunk "@GOTPCREL[rip]]}\n"
#define HERE ".Ldeep_profile_%=:"

bool dp_is_thunk_jump(gimple *statement)
{
    const gasm *jump = dyn_cast<const gasm *>(statement);
    return jump && strstr(gimple_asm_string(jump), "deep_profile_") != NULL;
}

static void plain_enter(gimple_seq *code, const struct dp_gate *gate, enum dp_root root,
                        const char *name)
{
    tree type = build_function_type_list(U64, ptr_type_node, NULL_TREE);
    gcall *call = gimple_build_call(function(root, name, type), 1,
                                    build_fold_addr_expr(gate->site));
    gimple_call_set_lhs(call, gate->opened);
    gimple_seq_add_stmt(code, call);
}

static void call_enter(gimple_seq *code, const struct dp_gate *gate)
{
    if (dp_plain_calls) {
        plain_enter(code, gate, DP_ROOT_ENTER_CALL, "deep_profile_enter_call");
        return;
    }
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    add_operand(&outputs, "=a", gate->opened);
    add_operand(&outputs, "=m", budget());
    add_operand(&inputs, "m", gate->site);
    add_operand(&inputs, "m", budget());
    gimple_seq_add_stmt(code, thunk_jump(JUMP("%2", "deep_profile_enter") HERE, inputs, outputs));
}

/*
 * What is cold at a whole-program entry (abi/gate.h), by the assembler alone:
 * a dozen statements and four blocks less for GCC to optimise in every function.
 * %1: site.weight, which is where the site begins; %2: site.count_slot.
 */
#define LOAD_THREAD_WORD_OFFSET(name)                                                              \
    "{movq\t" name "@gottpoff(%%rip), %%r10|mov\tr10, QWORD PTR " name "@gottpoff[rip]}\n\t"
#define ASK                                                                                        \
    LOAD_THREAD_WORD_OFFSET("deep_profile_budget")                                                 \
    "{movq\t%1, %%r11|mov\tr11, %1}\n\t"                                                           \
    "{subq\t%%r11, %%fs:(%%r10)|sub\tQWORD PTR fs:[r10], r11}\n\t"                                 \
    "js\t.Ldeep_profile_enter_%=\n\t"                                                              \
    "{shlq\t$2, %%rax|shl\trax, 2}\n\t" /* due &= ~DP_ASK */                                       \
    "{shrq\t$2, %%rax|shr\trax, 2}\n" HERE "\n\t"                                                  \
    "{movl\t%2, %%r11d|mov\tr11d, %2}\n\t"                                                         \
    "{testl\t%%r11d, %%r11d|test\tr11d, r11d}\n\t"                                                 \
    "jz\t.Ldeep_profile_end_%=\n\t" LOAD_THREAD_WORD_OFFSET("deep_profile_counts")                 \
    "{movq\t%%fs:(%%r10), %%r10|mov\tr10, QWORD PTR fs:[r10]}\n\t"                                 \
    "{testq\t%%r10, %%r10|test\tr10, r10}\n\t"                                                     \
    "jz\t.Ldeep_profile_end_%=\n\t"                                                                \
    "{incq\t(%%r10,%%r11,8)|inc\tQWORD PTR [r10+r11*8]}\n\t"                                       \
    "jmp\t.Ldeep_profile_end_%=\n"                                                                 \
    ".Ldeep_profile_enter_%=:\n\t" JUMP("%1", "deep_profile_enter")                                \
    ".Ldeep_profile_end_%=:"

static void call_ask(gimple_seq *code, const struct dp_gate *gate)
{
    if (dp_plain_calls) {
        plain_enter(code, gate, DP_ROOT_ASK_CALL, "deep_profile_ask_call");
        return;
    }
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    add_operand(&outputs, "=a", gate->opened);
    add_operand(&inputs, "m", dp_site_member(gate->site, "weight"));
    add_operand(&inputs, "m", dp_site_member(gate->site, "count_slot"));
    add_operand(&inputs, "0", gate->due);
    gimple *jump = thunk_jump(ASK, inputs, outputs);
    SSA_NAME_DEF_STMT(gate->opened) = jump;
    gimple_seq_add_stmt(code, jump);
}

static void call_exit(gimple_seq *code, const struct dp_gate *gate, tree due)
{
    if (dp_plain_calls) {
        tree type = build_function_type_list(void_type_node, ptr_type_node, U64, NULL_TREE);
        tree callee = function(DP_ROOT_EXIT_CALL, "deep_profile_exit_call", type);
        gimple_seq_add_stmt(code,
                            gimple_build_call(callee, 2, build_fold_addr_expr(gate->site), due));
        return;
    }
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    add_operand(&inputs, "m", gate->site);
    add_operand(&inputs, "a", due);
    if (is_late()) {
        gimple_seq_add_stmt(code, thunk_jump(JUMP("%0", "deep_profile_exit") HERE, inputs, outputs));
        return;
    }
    add_operand(&outputs, "=m", budget());
    add_operand(&inputs, "m", budget());
    gimple_seq_add_stmt(code, thunk_jump(JUMP("%1", "deep_profile_exit") HERE, inputs, outputs));
}

void dp_gate_init(struct dp_gate *gate, tree fn, tree site, uint32_t flags)
{
    gate->site = site;
    gate->flags = flags;
    gate->entry_location = DECL_STRUCT_FUNCTION(fn)->function_start_locus;
    gate->exit_location = DECL_STRUCT_FUNCTION(fn)->function_end_locus;
    gate->due = new_temporary(U64);
    gate->opened = is_late() ? new_temporary(U64) : gate->due;
    gate->depth = flags & DP_SITE_IN_FLIGHT ? create_tmp_var(U64, "dp_depth") : NULL_TREE;
}

/* due = tick + slow_after; budget -= weight; if (budget < 0) due = enter(&site); */
static void add_entry_gate(const struct dp_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree now = load(code, tick());
    tree slow_after = load(code, dp_site_member(gate->site, "slow_after"));
    gimple_seq_add_stmt(code, gimple_build_assign(gate->due, PLUS_EXPR, now, slow_after));
    tree before = compute(code, NOP_EXPR, U64, load(code, budget()), NULL_TREE);
    tree weight = compute(code, NOP_EXPR, U64,
                          load(code, dp_site_member(gate->site, "weight")), NULL_TREE);
    tree after = compute(code, MINUS_EXPR, U64, before, weight);
    tree left = compute(code, NOP_EXPR, S64, after, NULL_TREE);
    store(code, budget(), left);
    set_condition(step, LT_EXPR, left, build_int_cst(S64, 0));
    step->cold = true;
    call_enter(&step->then, gate);
}

/* due = entry_tick + slow_after; if (due < 0) due = ask(&site, due); The site's
 * word is read as an ordinary one, so that it can be an operand. */
static void add_late_entry_gate(const struct dp_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree word = dp_site_member(gate->site, "slow_after");
    TREE_THIS_VOLATILE(word) = 0;
    tree slow_after = load(code, word);
    gimple_seq_add_stmt(
        code, gimple_build_assign(gate->due, PLUS_EXPR, load(code, entry_tick()), slow_after));
    set_condition(step, LT_EXPR, compute(code, NOP_EXPR, S64, gate->due, NULL_TREE),
                  build_int_cst(S64, 0));
    step->cold = true;
    call_ask(&step->then, gate);
}

/*
 * depth = UINT64_MAX;
 * if (open) {
 *     depth = open->top;
 *     open->calls[depth % DP_OPEN_MAX] = {due, site.index};
 *     open->top = depth + 1;
 * }
 */
static void add_push(const struct dp_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree open = load(code, open_calls());
    store(code, gate->depth, build_all_ones_cst(U64));
    set_condition(step, NE_EXPR, open, null_pointer_node);

    code = &step->then;
    store(code, gate->depth, at(open, offsetof(struct dp_open_calls, top), U64));
    tree slot = compute(code, BIT_AND_EXPR, U64, gate->depth, build_int_cst(U64, DP_OPEN_MAX - 1));
    tree bytes =
        compute(code, MULT_EXPR, U64, slot, build_int_cst(U64, sizeof(struct dp_open_call)));
    bytes = compute(code, NOP_EXPR, sizetype, bytes, NULL_TREE);
    tree entry = compute(code, POINTER_PLUS_EXPR, ptr_type_node, open, bytes);
    const size_t calls = offsetof(struct dp_open_calls, calls);
    store(code, at(entry, calls + offsetof(struct dp_open_call, due), U64), gate->due);
    store(code, at(entry, calls + offsetof(struct dp_open_call, site), U32),
          load(code, dp_site_member(gate->site, "index")));
    tree top = compute(code, PLUS_EXPR, U64, gate->depth, build_int_cst(U64, 1));
    store(code, at(open, offsetof(struct dp_open_calls, top), U64), top);
}

/*
 * if (open)
 *     open->top = min(open->top, depth);
 *
 * The lesser of the two, because the thread may have got a list meanwhile, or
 * another one: then what is on it now is not of this call.
 */
static void add_pop(const struct dp_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    tree open = load(&step->straight, open_calls());
    set_condition(step, NE_EXPR, open, null_pointer_node);
    tree top = at(open, offsetof(struct dp_open_calls, top), U64);
    tree least = compute(&step->then, MIN_EXPR, U64, load(&step->then, top), gate->depth);
    store(&step->then, unshare_expr(top), least);
}

/*
 * if (counts)
 *     counts[site.count_slot]++;
 *
 * The test is for a signal handler that interrupts the runtime while it meets
 * the thread: its calls are let through uncounted, and there is no array yet.
 */
static void add_count(const struct dp_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    tree array = load(&step->straight, counts());
    set_condition(step, NE_EXPR, array, null_pointer_node);

    gimple_seq *code = &step->then;
    tree slot = compute(code, NOP_EXPR, sizetype,
                        load(code, dp_site_member(gate->site, "count_slot")), NULL_TREE);
    tree bytes = compute(code, MULT_EXPR, sizetype, slot, size_int(sizeof(uint64_t)));
    tree place = compute(code, POINTER_PLUS_EXPR, ptr_type_node, array, bytes);
    tree sum = compute(code, PLUS_EXPR, U64, load(code, at(place, 0, U64)), build_int_cst(U64, 1));
    store(code, at(place, 0, U64), sum);
}

/* The tick of the entry may not do for the exit. */
static void read_tick_again(gimple_seq *code)
{
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    if (!is_late())
        return;
    add_operand(&outputs, "=m", tick());
    add_operand(&inputs, "m", tick());
    gasm *changed = gimple_build_asm_vec("", inputs, outputs, NULL, NULL);
    gimple_asm_set_volatile(changed, true);
    gimple_asm_set_inline(changed, true);
    gimple_seq_add_stmt(code, changed);
}

/* if (tick >= due) exit(&site, due); */
static void add_exit_gate(const struct dp_gate *gate, enum dp_way_out way,
                          vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree due = gate->due;
    read_tick_again(code);
    tree now = compute(code, NOP_EXPR, S64, load(code, tick()), NULL_TREE);
    set_condition(step, GE_EXPR, now, compute(code, NOP_EXPR, S64, due, NULL_TREE));
    step->cold = true;
    if (way == DP_BY_EXCEPTION)
        due = compute(&step->then, BIT_IOR_EXPR, U64, due, build_int_cstu(U64, DP_DUE_UNWOUND));
    call_exit(&step->then, gate, due);
}

void dp_gate_entry(const struct dp_gate *gate, vec<dp_gate_step> *steps)
{
    if (is_late())
        add_late_entry_gate(gate, steps);
    else
        add_entry_gate(gate, steps);
    if (gate->flags & DP_SITE_IN_FLIGHT)
        add_push(gate, steps);
    if (gate->flags & DP_SITE_COUNTED)
        add_count(gate, steps);
    set_locations(steps, gate->entry_location);
}

void dp_gate_exit(const struct dp_gate *gate, enum dp_way_out way, vec<dp_gate_step> *steps)
{
    if (gate->flags & DP_SITE_IN_FLIGHT)
        add_pop(gate, steps);
    add_exit_gate(gate, way, steps);
    set_locations(steps, gate->exit_location);
}
