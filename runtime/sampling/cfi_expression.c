/* See cfi_expression.h. */
#include "cfi_expression.h"

enum {
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08,
    OP_CONST1S = 0x09,
    OP_AND = 0x1a,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_GE = 0x2a,
    OP_LIT0 = 0x30,
    OP_BREG0 = 0x70,
    OP_BREGX = 0x92,
};

static bool is_done(const struct dp_cursor *code)
{
    return !code->bad && code->at == code->end;
}

/* An expression that begins with register + offset. */
static bool base_register(struct dp_cursor *code, uint8_t *number, int64_t *offset)
{
    uint8_t op = dp_cursor_byte(code);
    uint64_t wanted = op - OP_BREG0;
    if (op == OP_BREGX)
        wanted = dp_cursor_uleb(code);
    else if (op < OP_BREG0 || op >= OP_BREG0 + 32)
        return false;
    *number = (uint8_t)wanted;
    *offset = dp_cursor_sleb(code);
    return wanted < 32;
}

bool dp_cfi_expression_place(struct dp_cursor code, uint8_t *number, int64_t *offset)
{
    return base_register(&code, number, offset) && is_done(&code);
}

/* A constant of 0 to 31. */
static bool is_literal(struct dp_cursor *code, int64_t *value)
{
    uint8_t op = dp_cursor_byte(code);
    *value = op - OP_LIT0;
    return op >= OP_LIT0 && op < OP_LIT0 + 32;
}

static bool is_literal_then(struct dp_cursor *code, int64_t wanted, uint8_t op)
{
    int64_t value;
    return is_literal(code, &value) && value == wanted && dp_cursor_byte(code) == op;
}

/* What linkers write for the entries of a procedure linkage table, of 16 bytes each:
 * sp + 8 + ((pc & 15) >= N) * 8, since the instruction before byte N pushes a word. */
static bool is_plt(struct dp_cursor code, const struct dp_processor *processor,
                   struct dp_cfi_state *state)
{
    uint8_t number;
    int64_t offset;
    if (!base_register(&code, &number, &offset) || number != processor->pc || offset != 0 ||
        !is_literal_then(&code, 15, OP_AND) || !is_literal(&code, &state->more) ||
        dp_cursor_byte(&code) != OP_GE || !is_literal_then(&code, 3, OP_SHL) ||
        dp_cursor_byte(&code) != OP_PLUS)
        return false;
    state->form = DP_CFA_PLT;
    return is_done(&code);
}

/* The rest adds a constant, in any of the possible encodings, or is empty. */
static bool addend(struct dp_cursor *code, int64_t *value)
{
    *value = 0;
    if (code->at == code->end)
        return true;
    uint8_t op = dp_cursor_byte(code);
    if (op == OP_PLUS_UCONST) {
        *value = (int64_t)dp_cursor_uleb(code);
        return true;
    }
    if (op == OP_CONST1U)
        *value = (int64_t)dp_cursor_fixed(code, 1);
    else if (op == OP_CONST1S)
        *value = dp_cursor_signed(code, 1);
    else if (op >= OP_LIT0 && op < OP_LIT0 + 32)
        *value = op - OP_LIT0;
    else
        return false;
    return dp_cursor_byte(code) == OP_PLUS;
}

bool dp_cfi_expression_cfa(struct dp_cursor code, const struct dp_processor *processor,
                           struct dp_cfi_state *state)
{
    if (!base_register(&code, &state->number, &state->offset))
        return false;
    if (is_plt(code, processor, state))
        return true;
    state->more = 0;
    state->form = DP_CFA_REGISTER;
    if (code.at < code.end && *code.at == OP_DEREF) {
        dp_cursor_byte(&code);
        state->form = DP_CFA_MEMORY;
    }
    int64_t *added = state->form == DP_CFA_MEMORY ? &state->more : &state->offset, value;
    if (!addend(&code, &value) || !is_done(&code))
        return false;
    return !__builtin_add_overflow(*added, value, added);
}
