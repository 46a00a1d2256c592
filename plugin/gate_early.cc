/*
 * Builds the first piece of C in abi/gate.h, for annotated functions. Called by
 * instrument_early.cc before inlining, so the optimizers see this code.
 *
 * Three things keep it both right and cheap:
 *  - The tick, the site's words and the two thread-local pointers are read as
 *    volatile: the steward or the slow path changes them behind the compiler's
 *    back, and a copy that is inlined into a loop must see the change.
 *  - The budget is an ordinary variable that the asm of the cold entry reads
 *    and writes, so it can stay in a register through such a loop. A "memory"
 *    clobber would spill the user's values too. The asm of the exit does not name
 *    it: its address would then be kept over the body, in a register that the
 *    function saves. At an exit the runtime sets the budget only in a thread or a
 *    forked child that it has not met; a child's entries ask without it.
 *  - The arithmetic is unsigned: -ftrapv and the sanitizers leave it alone.
 */
#include "gate_early.h"

#include "deep_profile/abi/gate.h"

/* *(volatile type *)&decl. A volatile declaration would make every access volatile,
 * those of the asm and of gate_late.cc too. */
static tree volatile_access(tree decl)
{
    tree type = TREE_TYPE(decl);
    tree reference = build2(MEM_REF, type, build_fold_addr_expr(decl),
                            build_int_cst(build_pointer_type(type), 0));
    TREE_THIS_VOLATILE(reference) = 1;
    TREE_SIDE_EFFECTS(reference) = 1;
    return reference;
}

static tree open_calls(void)
{
    return volatile_access(
        dp_runtime_variable(DP_ROOT_OPEN, "deep_profile_open", ptr_type_node, true));
}

static tree counts(void)
{
    return volatile_access(
        dp_runtime_variable(DP_ROOT_COUNTS, "deep_profile_counts", ptr_type_node, true));
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

/* A new variable that holds `value`. */
static tree load(gimple_seq *code, tree value)
{
    return dp_assign(code, create_tmp_var(TYPE_MAIN_VARIANT(TREE_TYPE(value)), "dp"), value);
}

static tree compute(gimple_seq *code, enum tree_code op, tree type, tree a, tree b = NULL_TREE)
{
    return dp_assign(code, create_tmp_var(type, "dp"), op, a, b);
}

static struct dp_gate_step *new_step(vec<dp_gate_step> *steps)
{
    struct dp_gate_step step = {};
    steps->safe_push(step);
    return &steps->last();
}

/* The prediction serves the optimizers that run before mark_cold.cc. */
static void predict_never(gimple_seq *code)
{
    gimple_seq_add_stmt(code, gimple_build_predict(PRED_COLD_LABEL, NOT_TAKEN));
}

static void call_enter(gimple_seq *code, const struct dp_early_gate *gate)
{
    if (dp_plain_calls) {
        dp_plain_enter(code, gate, DP_ROOT_ENTER_CALL, "deep_profile_enter_call", gate->due);
        return;
    }
    vec<tree, va_gc> *inputs = NULL, *outputs = NULL;
    dp_add_operand(&outputs, "=a", gate->due);
    dp_add_operand(&outputs, "=m", dp_budget());
    dp_add_operand(&inputs, "m", gate->site);
    dp_add_operand(&inputs, "m", dp_budget());
    gimple_seq_add_stmt(
        code, dp_thunk_jump(DP_JUMP("%2", "deep_profile_enter") DP_HERE, inputs, outputs));
}

/* By the label behind the jump, which a copy of the statement keeps. */
bool dp_is_early_jump(const gimple *statement)
{
    const gasm *jump = dyn_cast<const gasm *>(statement);
    return jump && strstr(gimple_asm_string(jump), DP_HERE);
}

/*
 * left = budget -= weight;
 * due = entry_tick + slow_after;
 * if ((left | due) < 0)
 *     due = enter(&site);
 *
 * In this order fewer registers are in use at once.
 */
static void add_entry_gate(const struct dp_early_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree before = compute(code, NOP_EXPR, DP_U64, load(code, dp_budget()));
    tree weight =
        compute(code, NOP_EXPR, DP_U64, load(code, dp_site_member(gate->site, "weight")));
    tree after = compute(code, MINUS_EXPR, DP_U64, before, weight);
    dp_assign(code, dp_budget(), compute(code, NOP_EXPR, DP_S64, after));
    tree now = load(code, volatile_access(dp_entry_tick()));
    tree slow_after = load(code, dp_site_member(gate->site, "slow_after"));
    dp_assign(code, gate->due, PLUS_EXPR, now, slow_after);
    tree either = compute(code, BIT_IOR_EXPR, DP_U64, after, gate->due);
    dp_set_condition(step, compute(code, NOP_EXPR, DP_S64, either), LT_EXPR,
                     build_int_cst(DP_S64, 0));
    predict_never(&step->then);
    call_enter(&step->then, gate);
}

/*
 * depth = UINT64_MAX;
 * if (open) {
 *     depth = open->top;
 *     open->calls[depth % DP_OPEN_MAX] = {due, site.index};
 *     open->top = depth + 1;
 * }
 */
static void add_push(const struct dp_early_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree open = load(code, open_calls());
    dp_assign(code, gate->depth, build_all_ones_cst(DP_U64));
    dp_set_condition(step, open, NE_EXPR, null_pointer_node);

    code = &step->then;
    dp_assign(code, gate->depth, at(open, offsetof(struct dp_open_calls, top), DP_U64));
    tree slot =
        compute(code, BIT_AND_EXPR, DP_U64, gate->depth, build_int_cst(DP_U64, DP_OPEN_MAX - 1));
    tree bytes =
        compute(code, MULT_EXPR, DP_U64, slot, build_int_cst(DP_U64, sizeof(struct dp_open_call)));
    bytes = compute(code, NOP_EXPR, sizetype, bytes);
    tree entry = compute(code, POINTER_PLUS_EXPR, ptr_type_node, open, bytes);
    const size_t calls = offsetof(struct dp_open_calls, calls);
    dp_assign(code, at(entry, calls + offsetof(struct dp_open_call, site), DP_U32),
              load(code, dp_site_member(gate->site, "index")));
    dp_assign(code, at(entry, calls + offsetof(struct dp_open_call, due), DP_U64), gate->due);
    tree top = compute(code, PLUS_EXPR, DP_U64, gate->depth, build_int_cst(DP_U64, 1));
    dp_assign(code, at(open, offsetof(struct dp_open_calls, top), DP_U64), top);
}

/*
 * if (open)
 *     open->top = min(open->top, depth);
 *
 * The lesser of the two: the thread may have received a list during the call, or
 * another one, and then the entries on it belong to other calls.
 */
static void add_pop(const struct dp_early_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    tree open = load(&step->straight, open_calls());
    dp_set_condition(step, open, NE_EXPR, null_pointer_node);
    tree top = at(open, offsetof(struct dp_open_calls, top), DP_U64);
    tree least = compute(&step->then, MIN_EXPR, DP_U64, load(&step->then, top), gate->depth);
    dp_assign(&step->then, unshare_expr(top), least);
}

/*
 * if (counts)
 *     counts[site.count_slot]++;
 *
 * The test is for a signal handler that interrupts the runtime while it registers
 * the thread: the handler's calls pass uncounted, since there is no array yet.
 */
static void add_count(const struct dp_early_gate *gate, vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    tree array = load(&step->straight, counts());
    dp_set_condition(step, array, NE_EXPR, null_pointer_node);

    gimple_seq *code = &step->then;
    tree slot =
        compute(code, NOP_EXPR, sizetype, load(code, dp_site_member(gate->site, "count_slot")));
    tree bytes = compute(code, MULT_EXPR, sizetype, slot, size_int(sizeof(uint64_t)));
    tree place = compute(code, POINTER_PLUS_EXPR, ptr_type_node, array, bytes);
    tree sum =
        compute(code, PLUS_EXPR, DP_U64, load(code, at(place, 0, DP_U64)), build_int_cst(DP_U64, 1));
    dp_assign(code, at(place, 0, DP_U64), sum);
}

/* if (tick >= due) exit(&site, due); */
static void add_exit_gate(const struct dp_early_gate *gate, enum dp_way_out way,
                          vec<dp_gate_step> *steps)
{
    struct dp_gate_step *step = new_step(steps);
    gimple_seq *code = &step->straight;
    tree due = gate->due;
    tree now = compute(code, NOP_EXPR, DP_S64, load(code, volatile_access(dp_tick())));
    dp_set_condition(step, now, GE_EXPR, compute(code, NOP_EXPR, DP_S64, due));
    predict_never(&step->then);
    if (way == DP_BY_EXCEPTION)
        due = compute(&step->then, BIT_IOR_EXPR, DP_U64, due, dp_unwound());
    dp_exit_call(&step->then, gate, due);
}

void dp_early_gate_init(struct dp_early_gate *gate, tree fn, tree site, uint32_t flags)
{
    dp_gate_init(gate, fn, site);
    gate->flags = flags;
    gate->due = create_tmp_var(DP_U64, "dp_due");
    gate->depth = flags & DP_SITE_IN_FLIGHT ? create_tmp_var(DP_U64, "dp_depth") : NULL_TREE;
}

void dp_early_gate_entry(const struct dp_early_gate *gate, vec<dp_gate_step> *steps)
{
    add_entry_gate(gate, steps);
    if (gate->flags & DP_SITE_IN_FLIGHT)
        add_push(gate, steps);
    if (gate->flags & DP_SITE_COUNTED)
        add_count(gate, steps);
    for (unsigned i = 0; i < steps->length(); i++)
        dp_set_location((*steps)[i], gate->entry_location);
}

void dp_early_gate_exit(const struct dp_early_gate *gate, enum dp_way_out way,
                        vec<dp_gate_step> *steps)
{
    if (gate->flags & DP_SITE_IN_FLIGHT)
        add_pop(gate, steps);
    add_exit_gate(gate, way, steps);
    for (unsigned i = 0; i < steps->length(); i++)
        dp_set_location((*steps)[i], gate->exit_location);
}
