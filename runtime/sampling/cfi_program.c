/* See cfi_program.h. */
#include "cfi_program.h"

#include "cfi_expression.h"

/* An instruction's opcode: the high two bits, or all eight. */
enum {
    CFA_ADVANCE = 0x40,
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE_1 = 0x02,
    CFA_ADVANCE_2 = 0x03,
    CFA_ADVANCE_4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF = 0x0c,
    CFA_DEF_REGISTER = 0x0d,
    CFA_DEF_OFFSET = 0x0e,
    CFA_DEF_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_SIGNED = 0x11,
    CFA_DEF_SIGNED = 0x12,
    CFA_DEF_OFFSET_SIGNED = 0x13,
    CFA_VALUE_OFFSET = 0x14,
    CFA_VALUE_OFFSET_SIGNED = 0x15,
    CFA_VALUE_EXPRESSION = 0x16,
    CFA_NEGATE_RA_STATE = 0x2d, /* aarch64: the return address is signed from here on, or not */
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET = 0x2f,
};

#define REMEMBERED 16

struct run {
    struct dp_cursor code;
    const struct dp_processor *processor;
    const struct dp_cie *cie;
    struct dp_cfi_state now, remembered[REMEMBERED];
    unsigned depth;
    uint64_t pc, end;
    dp_cfi_row *row;
    void *context;
    bool failed;
};

static bool fits_16(int64_t value)
{
    return value >= INT16_MIN && value <= INT16_MAX;
}

/* The rule for a state; DP_CFA_NONE when the state does not fit into a rule. */
static struct dp_rule rule_of(const struct dp_cfi_state *state, bool is_signal)
{
    struct dp_rule rule = {0};
    bool fits = state->offset >= INT32_MIN && state->offset <= INT32_MAX &&
                fits_16(state->more) && state->number < 32;
    for (int i = 0; i < DP_SAVED_COUNT && fits; i++) {
        rule.saved[i] = DP_PACK(state->saved[i].where, state->saved[i].number);
        rule.offset[i] = (int16_t)state->saved[i].offset;
        if (i == DP_SAVED_RA)
            fits = fits_16(state->saved[i].offset);
        else if (!fits_16(state->saved[i].offset))
            rule.saved[i] = DP_PACK(DP_UNDEFINED, 0);
    }
    if (!fits || state->form == DP_CFA_NONE)
        return (struct dp_rule){0};
    rule.cfa = DP_PACK(state->form | (is_signal ? DP_RULE_SIGNAL : 0), state->number);
    rule.cfa_offset = (int32_t)state->offset;
    rule.cfa_more = (int16_t)state->more;
    return rule;
}

static void give_row(struct run *run)
{
    if (!run->row)
        return;
    struct dp_rule rule = rule_of(&run->now, run->cie->is_signal);
    if (run->failed)
        rule = (struct dp_rule){0};
    run->row(run->context, run->pc, &rule);
}

static void advance_to(struct run *run, uint64_t pc)
{
    if (pc < run->pc || pc > run->end) {
        run->failed = true;
    } else if (pc > run->pc) {
        give_row(run);
        run->pc = pc;
    }
}

static void advance(struct run *run, uint64_t units)
{
    uint64_t bytes, pc;
    if (__builtin_mul_overflow(units, run->cie->code_align, &bytes) ||
        __builtin_add_overflow(run->pc, bytes, &pc))
        run->failed = true;
    else
        advance_to(run, pc);
}

/* The index of register `number` among those that a rule keeps; DP_SAVED_COUNT: not kept. */
static int slot_of(const struct run *run, uint64_t number)
{
    if (number == run->cie->ra)
        return DP_SAVED_RA;
    if (number == run->processor->fp)
        return DP_SAVED_FP;
    if (number == run->processor->sp)
        return DP_SAVED_SP;
    return number == run->processor->base ? DP_SAVED_BASE : DP_SAVED_COUNT;
}

static void save(struct run *run, uint64_t number, enum dp_where where, uint64_t in, int64_t offset)
{
    int slot = slot_of(run, number);
    if (slot == DP_SAVED_COUNT)
        return;
    if (in >= 32) {
        where = DP_UNDEFINED;
        run->failed |= slot == DP_SAVED_RA;
    }
    run->now.saved[slot].where = (uint8_t)where;
    run->now.saved[slot].number = (uint8_t)(in & 31);
    run->now.saved[slot].offset = offset;
}

static void restore(struct run *run, uint64_t number)
{
    int slot = slot_of(run, number);
    if (slot != DP_SAVED_COUNT)
        run->now.saved[slot] = run->cie->initial.saved[slot];
}

/* An offset in the entry's units. Nonsense may wrap: then it does not fit into a rule, or the
 * walk reads a wrong place, which is checked there. */
static int64_t scaled(const struct run *run, uint64_t units)
{
    return (int64_t)(units * (uint64_t)run->cie->data_align);
}

static void save_at(struct run *run, uint64_t number, enum dp_where where, uint64_t units)
{
    save(run, number, where, 0, scaled(run, units));
}

static void define(struct run *run, uint64_t number, int64_t offset)
{
    run->failed |= number >= 32;
    run->now.form = DP_CFA_REGISTER;
    run->now.number = (uint8_t)(number & 31);
    run->now.offset = offset;
    run->now.more = 0;
}

static struct dp_cursor block(struct run *run)
{
    uint64_t bytes = dp_cursor_uleb(&run->code);
    return dp_cursor_part(&run->code, bytes);
}

/* A register whose expression is not understood becomes unknown. If that is the return address,
 * there is no rule. */
static void save_by_expression(struct run *run, bool is_value)
{
    uint64_t number = dp_cursor_uleb(&run->code);
    uint8_t in = 0;
    int64_t offset = 0;
    bool known = dp_cfi_expression_place(block(run), &in, &offset) && !is_value;
    save(run, number, known ? DP_AT_REGISTER : DP_UNDEFINED, known ? in : 0, offset);
    if (!known && slot_of(run, number) == DP_SAVED_RA)
        run->now.form = DP_CFA_NONE;
}

static void define_by_expression(struct run *run)
{
    if (!dp_cfi_expression_cfa(block(run), run->processor, &run->now))
        run->now.form = DP_CFA_NONE;
}

static void remember(struct run *run)
{
    if (run->depth == REMEMBERED)
        run->failed = true;
    else
        run->remembered[run->depth++] = run->now;
}

static void recall(struct run *run)
{
    if (run->depth == 0)
        run->failed = true;
    else
        run->now = run->remembered[--run->depth];
}

/* Instructions that say where a register is saved. False: another instruction. */
static bool run_saving(struct run *run, uint8_t op)
{
    uint64_t number;
    switch (op) {
    case CFA_OFFSET_EXTENDED:
        number = dp_cursor_uleb(&run->code);
        save_at(run, number, DP_AT_CFA, dp_cursor_uleb(&run->code));
        return true;
    case CFA_OFFSET_SIGNED:
        number = dp_cursor_uleb(&run->code);
        save_at(run, number, DP_AT_CFA, (uint64_t)dp_cursor_sleb(&run->code));
        return true;
    case CFA_GNU_NEGATIVE_OFFSET:
        number = dp_cursor_uleb(&run->code);
        save_at(run, number, DP_AT_CFA, -dp_cursor_uleb(&run->code));
        return true;
    case CFA_VALUE_OFFSET:
        number = dp_cursor_uleb(&run->code);
        save_at(run, number, DP_IS_CFA, dp_cursor_uleb(&run->code));
        return true;
    case CFA_VALUE_OFFSET_SIGNED:
        number = dp_cursor_uleb(&run->code);
        save_at(run, number, DP_IS_CFA, (uint64_t)dp_cursor_sleb(&run->code));
        return true;
    case CFA_RESTORE_EXTENDED:
        restore(run, dp_cursor_uleb(&run->code));
        return true;
    case CFA_UNDEFINED:
        save(run, dp_cursor_uleb(&run->code), DP_UNDEFINED, 0, 0);
        return true;
    case CFA_SAME_VALUE:
        save(run, dp_cursor_uleb(&run->code), DP_SAME, 0, 0);
        return true;
    case CFA_REGISTER:
        number = dp_cursor_uleb(&run->code);
        save(run, number, DP_IN_REGISTER, dp_cursor_uleb(&run->code), 0);
        return true;
    case CFA_EXPRESSION:
    case CFA_VALUE_EXPRESSION:
        save_by_expression(run, op == CFA_VALUE_EXPRESSION);
        return true;
    }
    return false;
}

/* Instructions that say how the CFA is computed. False: another instruction. */
static bool run_defining(struct run *run, uint8_t op)
{
    uint64_t number;
    switch (op) {
    case CFA_DEF:
        number = dp_cursor_uleb(&run->code);
        define(run, number, (int64_t)dp_cursor_uleb(&run->code));
        return true;
    case CFA_DEF_SIGNED:
        number = dp_cursor_uleb(&run->code);
        define(run, number, scaled(run, (uint64_t)dp_cursor_sleb(&run->code)));
        return true;
    case CFA_DEF_REGISTER:
        define(run, dp_cursor_uleb(&run->code), run->now.offset);
        return true;
    case CFA_DEF_OFFSET:
        define(run, run->now.number, (int64_t)dp_cursor_uleb(&run->code));
        return true;
    case CFA_DEF_OFFSET_SIGNED:
        define(run, run->now.number, scaled(run, (uint64_t)dp_cursor_sleb(&run->code)));
        return true;
    case CFA_DEF_EXPRESSION:
        define_by_expression(run);
        return true;
    }
    return false;
}

static void run_other(struct run *run, uint8_t op)
{
    switch (op) {
    case CFA_NOP:
    case CFA_NEGATE_RA_STATE: /* nothing to do: dp_processor_plain() removes the signature anyway */
        break;
    case CFA_SET_LOC: /* no compiler writes it into .eh_frame */
        run->failed = true;
        break;
    case CFA_ADVANCE_1:
        advance(run, dp_cursor_fixed(&run->code, 1));
        break;
    case CFA_ADVANCE_2:
        advance(run, dp_cursor_fixed(&run->code, 2));
        break;
    case CFA_ADVANCE_4:
        advance(run, dp_cursor_fixed(&run->code, 4));
        break;
    case CFA_REMEMBER:
        remember(run);
        break;
    case CFA_RESTORE_STATE:
        recall(run);
        break;
    case CFA_GNU_ARGS_SIZE:
        dp_cursor_uleb(&run->code);
        break;
    default:
        run->failed = true;
    }
}

static void run_one(struct run *run)
{
    uint8_t op = dp_cursor_byte(&run->code), low = op & 0x3f;
    switch (op & 0xc0) {
    case CFA_ADVANCE:
        advance(run, low);
        break;
    case CFA_OFFSET:
        save_at(run, low, DP_AT_CFA, dp_cursor_uleb(&run->code));
        break;
    case CFA_RESTORE:
        restore(run, low);
        break;
    default:
        if (!run_saving(run, op) && !run_defining(run, op))
            run_other(run, op);
    }
    run->failed |= run->code.bad;
}

bool dp_cfi_program_run(struct dp_cursor code, const struct dp_processor *processor,
                        const struct dp_cie *cie, uint64_t start, uint64_t end,
                        struct dp_cfi_state *state, dp_cfi_row *row, void *context)
{
    struct run run = {.code = code, .processor = processor, .cie = cie, .now = *state,
                      .pc = start, .end = end, .row = row, .context = context};
    while (!run.failed && run.code.at < run.code.end)
        run_one(&run);
    if (run.pc < end)
        give_row(&run);
    *state = run.now;
    return !run.failed;
}
