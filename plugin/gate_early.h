/*
 * The gate of an annotated function: statements for a body that has no basic
 * blocks yet. instrument_early.cc shows them in C and puts them into place.
 */
#ifndef DP_GATE_EARLY_H
#define DP_GATE_EARLY_H

#include "gate_parts.h"

/* The variables live from entry to exit. */
struct dp_early_gate : dp_gate {
    uint32_t flags; /* DP_SITE_* */
    tree due;
    tree depth; /* with DP_SITE_IN_FLIGHT: top of deep_profile_open at entry */
};

/* Creates the variables, in the current function. */
void dp_early_gate_init(struct dp_early_gate *gate, tree fn, tree site, uint32_t flags);

/* Append what stands at the entry and at each exit. */
void dp_early_gate_entry(const struct dp_early_gate *gate, vec<dp_gate_step> *steps);
void dp_early_gate_exit(const struct dp_early_gate *gate, enum dp_way_out way,
                        vec<dp_gate_step> *steps);

/* Is `statement` a jump to a thunk that dp_early_gate_entry or dp_early_gate_exit
 * made, or a copy of one, as inlining and cloning make? */
bool dp_is_early_jump(const gimple *statement);

#endif
