/*
 * An unwind rule: how the caller of a frame is found. 20 bytes, shared by all addresses that
 * have the same rule.
 *
 * A rule says how to compute the canonical frame address (CFA), which is the caller's stack
 * pointer except in code that changes stacks. It also says where the caller's registers are: the
 * return address, the frame pointer, the stack pointer, and one more register that some code
 * uses as its frame's base (processor.h: base). Registers have the numbers of DWARF.
 *
 * Written by cfi_program.c, kept by table.c, followed by walk.c.
 */
#ifndef DP_RULE_H
#define DP_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum dp_cfa_form {
    DP_CFA_NONE,     /* no rule: there is no description, or one that we do not understand */
    DP_CFA_REGISTER, /* register + offset */
    DP_CFA_MEMORY,   /* the word at register + offset, plus `more` */
    DP_CFA_PLT,      /* register + offset, plus 8 from byte `more` of a 16-byte slot on */
};

enum dp_where {
    DP_SAME,        /* unchanged in its register; for the stack pointer: it is the CFA */
    DP_UNDEFINED,   /* not saved; for the return address: this is the outermost frame */
    DP_AT_CFA,      /* in memory, at CFA + offset */
    DP_AT_REGISTER, /* in memory, at register + offset */
    DP_IN_REGISTER, /* in another register */
    DP_IS_CFA,      /* the value is CFA + offset */
};

/* An enum dp_cfa_form or dp_where, and a register, in one byte. */
#define DP_PACK(form, number) ((uint8_t)((form) << 5 | (number)))
#define DP_PACKED_KIND(byte) ((byte) >> 5)
#define DP_PACKED_NUMBER(byte) ((byte) & 31)

enum dp_saved_register { DP_SAVED_RA, DP_SAVED_FP, DP_SAVED_BASE, DP_SAVED_SP, DP_SAVED_COUNT };

struct dp_rule {
    int32_t cfa_offset;
    int16_t cfa_more;
    int16_t offset[DP_SAVED_COUNT];
    uint8_t saved[DP_SAVED_COUNT]; /* DP_PACK(enum dp_where, register) */
    uint8_t cfa;                   /* DP_PACK(enum dp_cfa_form, register) */
    uint8_t unused;
};

_Static_assert(sizeof(struct dp_rule) == 20, "no holes: rules are compared by their bytes");

/* The frame above was interrupted by a signal: its pc is no return address. */
#define DP_RULE_SIGNAL 4 /* added to the form in `cfa` */

static inline unsigned dp_rule_cfa_form(const struct dp_rule *rule)
{
    return DP_PACKED_KIND(rule->cfa) & 3u;
}

static inline bool dp_rule_is_signal(const struct dp_rule *rule)
{
    return DP_PACKED_KIND(rule->cfa) & DP_RULE_SIGNAL;
}

#endif
