/* See guess.h. */
#include "guess.h"

#include "processor.h"

/* The largest distance from the stack pointer to a frame pointer that is believed. */
#define LARGEST_FRAME (UINT64_C(1) << 20)
/* How many words of a stack are searched for a frame, and how many return addresses are tried. */
#define MOST_WORDS 2048
#define MOST_CANDIDATES 32
/* The greatest length of a function that no table describes. */
#define LARGEST_FUNCTION 16384

static bool signal_return(const struct dp_walk *walk, uint64_t *context_offset)
{
    uint8_t code[DP_PROCESSOR_RETURN_BYTES];
    return walk->read(walk->read_context, walk->pc, code, sizeof code) &&
           dp_processor_is_signal_return(code, context_offset);
}

bool dp_guess_is_signal_return(const struct dp_walk *walk)
{
    uint64_t offset;
    return signal_return(walk, &offset);
}

bool dp_guess_signal(struct dp_walk *walk)
{
    uint64_t offset, pc, sp, fp, base = DP_REGISTER_UNKNOWN;
    if (!signal_return(walk, &offset))
        return false;
    uint64_t context = walk->sp + offset;
    if (!dp_walk_word(walk, dp_processor_saved_at(context, DP_PROGRAM_COUNTER), &pc) ||
        !dp_walk_word(walk, dp_processor_saved_at(context, dp_processor.sp), &sp) ||
        !dp_walk_word(walk, dp_processor_saved_at(context, dp_processor.fp), &fp))
        return false;
    uint64_t base_at = dp_processor_saved_at(context, dp_processor.base);
    if (base_at && !dp_walk_word(walk, base_at, &base))
        return false;
    walk->pc = pc;
    walk->sp = sp;
    walk->fp = fp;
    walk->base = base;
    walk->context = context;
    walk->is_contexts_own = false;
    walk->is_exact = true;
    walk->is_signal_return = false;
    return true;
}

/* Whether this is a return address: it lies in known code, and a call is before it. */
static bool is_return(const struct dp_walk *walk, uint64_t address, uint64_t *target)
{
    uint8_t code[DP_PROCESSOR_CALL_BYTES];
    return address > sizeof code && dp_view_find(walk->view, address - 1).is_known &&
           walk->read(walk->read_context, address - sizeof code, code, sizeof code) &&
           dp_processor_is_call(code, address, target);
}

bool dp_guess_is_put(const struct dp_walk *walk)
{
    uint8_t code[DP_PROCESSOR_CALL_BYTES];
    uint64_t target;
    struct dp_code begun = dp_view_find(walk->view, walk->pc);
    return !walk->is_exact && !walk->is_signal_return && begun.table &&
           dp_table_function(begun.table, walk->pc) == walk->pc &&
           walk->read(walk->read_context, walk->pc - sizeof code, code, sizeof code) &&
           !dp_processor_is_call(code, walk->pc, &target);
}

/* Whether the function at `start` sets up a frame pointer at its entry, and how far above the
 * stack pointer that is afterwards, at least (*below). */
static bool has_frame(const struct dp_walk *walk, uint64_t start, uint64_t *below)
{
    uint8_t code[DP_PROCESSOR_ENTRY_BYTES];
    return walk->read(walk->read_context, start, code, sizeof code) &&
           dp_processor_frame_size(code, below);
}

/* A function may end with a jump to a stub: then the call before the return address names that
 * function and not the stub. */
static bool is_stub(const struct dp_walk *walk)
{
    uint8_t code[DP_PROCESSOR_JUMP_BYTES];
    return walk->read(walk->read_context, walk->pc, code, sizeof code) &&
           dp_processor_is_stub(code);
}

/* Steps out of an interrupted function that has not changed the stack, as most functions in
 * assembly language do not: its return address is on top. */
static bool step_off_the_top(struct dp_walk *walk)
{
    uint64_t address, target, below;
    if (!walk->is_exact || !dp_processor.least_frame || !dp_walk_word(walk, walk->sp, &address) ||
        !is_return(walk, address, &target))
        return false;
    bool is_near = target && target <= walk->pc && walk->pc - target < LARGEST_FUNCTION;
    if (target && !is_stub(walk) &&
        (!is_near || (has_frame(walk, target, &below) && walk->pc > target + 4)))
        return false;
    walk->pc = address;
    walk->sp += sizeof address;
    return true;
}

static bool step_by_frame_pointer(struct dp_walk *walk)
{
    uint64_t pair[2], target;
    if (walk->fp == DP_REGISTER_UNKNOWN || walk->fp % sizeof *pair || walk->fp < walk->sp ||
        walk->fp - walk->sp > LARGEST_FRAME ||
        !walk->read(walk->read_context, walk->fp, pair, sizeof pair))
        return false;
    pair[1] = dp_processor_plain(pair[1]);
    if (pair[1] && !is_return(walk, pair[1], &target))
        return false;
    walk->sp = walk->fp + dp_processor.pair_to_caller;
    walk->fp = pair[0];
    walk->pc = pair[1];
    return true;
}

bool dp_guess_step(struct dp_walk *walk)
{
    if (!step_off_the_top(walk) && !step_by_frame_pointer(walk))
        return false;
    walk->flags |= DP_STACK_GUESSED;
    walk->is_exact = false;
    walk->context = 0;
    walk->base = DP_REGISTER_UNKNOWN;
    return true;
}

/* Whether the two words at `fp` may be the frame of the function at `start`: the call before
 * the return address names this function, or goes through a register or a table. */
static bool is_frame_of(const struct dp_walk *walk, uint64_t start, uint64_t fp, bool *is_certain)
{
    uint64_t pair[2], target;
    if (!walk->read(walk->read_context, fp, pair, sizeof pair) ||
        !is_return(walk, dp_processor_plain(pair[1]), &target))
        return false;
    *is_certain = target == start;
    struct dp_code callee = dp_view_find(walk->view, target);
    bool is_table = callee.rule && dp_rule_cfa_form(callee.rule) == DP_CFA_PLT;
    return *is_certain || target == 0 || is_table || !callee.rule;
}

/* The first certain frame above `fp`; without one, the first possible frame. */
static bool look_up(const struct dp_walk *walk, uint64_t start, uint64_t fp, uint64_t *found)
{
    uint64_t word, maybe = 0;
    int candidates = 0;
    for (int i = 0; i < MOST_WORDS && candidates < MOST_CANDIDATES; i++, fp += sizeof word) {
        bool is_certain;
        if (!dp_walk_word(walk, fp + sizeof word, &word))
            break;
        if (!dp_view_find(walk->view, word - 1).is_known)
            continue;
        candidates++;
        if (!is_frame_of(walk, start, fp, &is_certain))
            continue;
        if (is_certain || !maybe)
            maybe = fp;
        if (is_certain)
            break;
    }
    *found = maybe;
    return maybe != 0;
}

bool dp_guess_frame(struct dp_walk *walk, const struct dp_code *code)
{
    uint64_t start = code->table ? dp_table_function(code->table, dp_walk_inside(walk)) : 0;
    uint64_t below = 0;
    bool is_certain;
    if (!start)
        return false;
    bool has_entry = has_frame(walk, start, &below);
    uint64_t fp = walk->sp + below;
    if (!(has_entry && is_frame_of(walk, start, fp, &is_certain)) &&
        !look_up(walk, start, fp, &fp))
        return false;
    walk->fp = fp;
    walk->flags |= DP_STACK_GUESSED;
    return true;
}
