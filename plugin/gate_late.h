/*
 * The gate of a function in whole-program mode: statements on SSA form.
 * instrument_late.cc shows them in C and puts them into place.
 */
#ifndef DP_GATE_LATE_H
#define DP_GATE_LATE_H

#include "gate_parts.h"

/* Two SSA names stand for `due` at the entry; the pass merges them behind it. */
struct dp_late_gate : dp_gate {
    tree computed; /* by the straight code */
    tree opened;   /* by the cold path, from `computed` */
};

/* Creates the SSA names, in the current function. */
void dp_late_gate_init(struct dp_late_gate *gate, tree fn, tree site);

/* What stands at the entry, and what stands before each way out: `due` is what the
 * entry made. */
struct dp_gate_step dp_late_gate_entry(const struct dp_late_gate *gate);
struct dp_gate_step dp_late_gate_exit(const struct dp_late_gate *gate, enum dp_way_out way,
                                      tree due);

#endif
