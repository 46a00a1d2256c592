/*
 * The load gate: profiling that asked for it (check_load) stops while the
 * machine, or the control group the process lives in, is busy.
 */
#ifndef DP_LOAD_H
#define DP_LOAD_H

/* Finds out which limits apply. Before the steward starts. */
void dp_load_init(void);
/* Looks, decides, and writes a `load` event when the gate moves. Steward only. */
void dp_load_check(void);

#endif
