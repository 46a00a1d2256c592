/*
 * The code of the gate, in pieces that a pass puts into place: before lowering
 * as labels and gotos, after it as basic blocks.
 */
#ifndef DP_GATE_H
#define DP_GATE_H

#include "gcc-compat.h"

/* Straight code, then `then` if left CODE right. */
struct dp_gate_step {
    gimple_seq straight;
    enum tree_code code;
    tree left, right;
    gimple_seq then;
    bool cold; /* `then` is hardly ever executed */
};

/* How a call is left. */
enum dp_way_out { DP_BY_RETURN, DP_BY_EXCEPTION };

/* The gate of one function. The variables live from entry to exit. */
struct dp_gate {
    tree site;
    uint32_t flags; /* DP_SITE_* */
    location_t entry_location;
    location_t exit_location;
    tree due;    /* on SSA form: one name before the gate, merged by the pass behind it */
    tree opened; /* what the slow path makes of it: the same variable before SSA */
    tree depth; /* in flight: top of deep_profile_open at entry */
};

/* Call the thunks as plain C functions, whatever the target. */
extern bool dp_plain_calls;

/* For the current function. */
void dp_gate_init(struct dp_gate *gate, tree fn, tree site, uint32_t flags);

void dp_gate_entry(const struct dp_gate *gate, vec<dp_gate_step> *steps);
void dp_gate_exit(const struct dp_gate *gate, enum dp_way_out way, vec<dp_gate_step> *steps);

/* Is `statement` a cold path that dp_gate_entry or dp_gate_exit made? */
bool dp_is_thunk_jump(gimple *statement);

#endif
