/* See walk.h. */
#include "walk.h"

#include "guess.h"
#include "modules.h"
#include "processor.h"
#include "view.h"
#include "walk_state.h"

/* How often a walk may change to another stack: a signal handler's, a coroutine's, one of ours.
 * This bounds a walk in a circle, too. */
#define MOST_JUMPS 8

static uint64_t own_register(const void *context, unsigned number)
{
    return *(const uint64_t *)(uintptr_t)dp_processor_saved_at((uintptr_t)context, number);
}

void dp_walk_from_context(struct dp_registers *registers, const void *context)
{
    *registers = (struct dp_registers){own_register(context, DP_PROGRAM_COUNTER),
                                       own_register(context, dp_processor.sp),
                                       own_register(context, dp_processor.fp), context};
}

/* Continues with the registers that the kernel saved when it interrupted a frame. */
static bool saved_register(const struct dp_walk *walk, unsigned number, uint64_t *value)
{
    uint64_t at = walk->context ? dp_processor_saved_at(walk->context, number) : 0;
    if (!at)
        return false;
    if (walk->is_contexts_own) {
        *value = *(const uint64_t *)(uintptr_t)at;
        return true;
    }
    return dp_walk_word(walk, at, value);
}

static bool register_value(const struct dp_walk *walk, unsigned number, uint64_t *value)
{
    *value = DP_REGISTER_UNKNOWN;
    if (number == dp_processor.sp)
        *value = walk->sp;
    else if (number == dp_processor.fp)
        *value = walk->fp;
    else if (number == dp_processor.base)
        *value = walk->base;
    else
        return saved_register(walk, number, value);
    return *value != DP_REGISTER_UNKNOWN;
}

static bool give_up(struct dp_walk *walk, uint32_t reason)
{
    walk->flags |= reason;
    return false;
}

/* The value that a register had in the caller. False: it is in memory that cannot be read. */
static bool restore(struct dp_walk *walk, const struct dp_rule *rule, enum dp_saved_register which,
                    unsigned number, uint64_t cfa, uint64_t *value)
{
    uint64_t from = DP_REGISTER_UNKNOWN, offset = (uint64_t)(int64_t)rule->offset[which];
    *value = DP_REGISTER_UNKNOWN;
    switch (DP_PACKED_KIND(rule->saved[which])) {
    case DP_AT_CFA:
        return dp_walk_word(walk, cfa + offset, value);
    case DP_SAME:
        register_value(walk, number, value);
        return true;
    case DP_AT_REGISTER:
        return register_value(walk, DP_PACKED_NUMBER(rule->saved[which]), &from) &&
               dp_walk_word(walk, from + offset, value);
    case DP_IN_REGISTER:
        register_value(walk, DP_PACKED_NUMBER(rule->saved[which]), value);
        return true;
    case DP_IS_CFA:
        *value = cfa + offset;
        return true;
    }
    return true;
}

static bool restore_sp(struct dp_walk *walk, const struct dp_rule *rule, uint64_t cfa,
                       uint64_t *sp)
{
    *sp = cfa;
    return DP_PACKED_KIND(rule->saved[DP_SAVED_SP]) == DP_SAME ||
           restore(walk, rule, DP_SAVED_SP, dp_processor.sp, cfa, sp);
}

static bool find_cfa(struct dp_walk *walk, const struct dp_code *code, uint64_t *cfa)
{
    const struct dp_rule *rule = code->rule;
    unsigned number = DP_PACKED_NUMBER(rule->cfa);
    if (number == dp_processor.fp && walk->fp == DP_REGISTER_UNKNOWN)
        dp_guess_frame(walk, code);
    if (!register_value(walk, number, cfa))
        return give_up(walk, DP_STACK_NO_RULE);
    *cfa += (uint64_t)(int64_t)rule->cfa_offset;
    if (dp_rule_cfa_form(rule) == DP_CFA_PLT)
        *cfa += (int16_t)(walk->pc & 15) >= rule->cfa_more ? 8 : 0;
    if (dp_rule_cfa_form(rule) != DP_CFA_MEMORY)
        return true;
    if (!dp_walk_word(walk, *cfa, cfa))
        return give_up(walk, DP_STACK_UNREADABLE);
    *cfa += (uint64_t)(int64_t)rule->cfa_more;
    return true;
}

/* The stack grows downwards, so a caller's frame lies above, unless it is on another stack. */
static bool makes_progress(struct dp_walk *walk, uint64_t before)
{
    if (walk->sp >= before + dp_processor.least_frame)
        return true;
    if (walk->jumps == 0)
        return false;
    walk->jumps--;
    return true;
}

static bool step_by_rule(struct dp_walk *walk, const struct dp_code *code)
{
    uint64_t cfa, pc, fp, base, sp;
    const struct dp_rule *rule = code->rule;
    if (DP_PACKED_KIND(rule->saved[DP_SAVED_RA]) == DP_UNDEFINED)
        return false; /* the outermost frame */
    if (!find_cfa(walk, code, &cfa))
        return false;
    if (!restore(walk, rule, DP_SAVED_RA, dp_processor.ra, cfa, &pc) ||
        !restore(walk, rule, DP_SAVED_FP, dp_processor.fp, cfa, &fp) ||
        !restore(walk, rule, DP_SAVED_BASE, dp_processor.base, cfa, &base) ||
        !restore_sp(walk, rule, cfa, &sp))
        return give_up(walk, DP_STACK_UNREADABLE);
    if (pc == DP_REGISTER_UNKNOWN || sp == DP_REGISTER_UNKNOWN)
        return give_up(walk, DP_STACK_NO_RULE);
    walk->pc = dp_processor_plain(pc);
    walk->sp = sp;
    walk->fp = fp;
    walk->base = base;
    walk->context = 0;
    walk->is_exact = dp_rule_is_signal(rule);
    return true;
}

/* A step without a rule. A frame pointer of 0 marks the outermost frame. */
static bool step_without(struct dp_walk *walk, const struct dp_code *code)
{
    if (dp_guess_step(walk))
        return true;
    if (walk->fp == 0 && !walk->is_exact)
        return false;
    return give_up(walk, code->is_known ? DP_STACK_NO_RULE : DP_STACK_UNKNOWN);
}

/* A step from a signal handler's frame to the interrupted frame, which may be on any stack. */
static bool step_over_signal(struct dp_walk *walk)
{
    return dp_guess_signal(walk) || give_up(walk, DP_STACK_UNREADABLE);
}

static bool step(struct dp_walk *walk, const struct dp_code *code)
{
    uint64_t sp = walk->sp;
    bool is_on = walk->is_signal_return ? step_over_signal(walk)
                 : code->rule           ? step_by_rule(walk, code)
                                        : step_without(walk, code);
    if (is_on && !makes_progress(walk, sp))
        return give_up(walk, DP_STACK_CORRUPT);
    return is_on;
}

static struct dp_code find_code(struct dp_walk *walk)
{
    struct dp_code code = dp_view_find(walk->view, dp_walk_inside(walk));
    if (!code.is_known)
        dp_modules_want(walk->pc);
    else if (!code.rule || dp_rule_is_signal(code.rule))
        walk->is_signal_return = dp_guess_is_signal_return(walk);
    return code;
}

/* Adds the frame that the walk has reached. Only addresses of code go into the result: another
 * value, from a corrupt stack, may be data of the host. */
static bool arrive(struct dp_walk *walk, struct dp_code *code)
{
    if (walk->pc == 0)
        return false; /* as at the end of a stack that was set up by hand */
    *code = find_code(walk);
    return code->is_known || give_up(walk, DP_STACK_UNKNOWN);
}

static uint32_t go(struct dp_walk *walk, uint64_t *frames, uint32_t max)
{
    uint32_t count = 0;
    struct dp_code code = find_code(walk);
    struct dp_walk left = *walk;
    if (max == 0)
        return 0;
    frames[count++] = walk->pc;
    while (step(walk, &code) && arrive(walk, &code)) {
        if (count == max) {
            walk->flags |= DP_STACK_CUT;
            return count;
        }
        frames[count++] = dp_walk_inside(walk);
        left = *walk;
    }
    if ((walk->flags & DP_STACK_ENDED_EARLY || walk->pc == 0) && dp_guess_is_put(&left)) {
        walk->flags &= ~(uint32_t)DP_STACK_ENDED_EARLY;
        frames[count - 1] = left.pc;
    }
    return count;
}

uint32_t dp_walk(const struct dp_registers *from, dp_walk_read *read, void *context,
                 uint64_t *frames, uint32_t max, uint32_t *flags)
{
    struct dp_walk walk = {.view = dp_view_enter(), .read = read, .read_context = context,
                           .jumps = MOST_JUMPS, .pc = from->pc, .sp = from->sp, .fp = from->fp,
                           .base = DP_REGISTER_UNKNOWN, .context = (uintptr_t)from->context,
                           .is_contexts_own = true, .is_exact = true};
    saved_register(&walk, dp_processor.base, &walk.base);
    uint32_t count = go(&walk, frames, max);
    dp_view_leave();
    *flags = walk.flags;
    return count;
}
