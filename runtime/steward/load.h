/*
 * Moves the load gate: profiling with check_load stops while the machine, or the control
 * group that the process belongs to, is busy.
 */
#ifndef DP_LOAD_H
#define DP_LOAD_H

/* Forgets earlier readings. Before the steward starts. */
void dp_load_init(void);
/* Measures, decides, and writes a `load` event if the load gate moves. Steward only. */
void dp_load_check(void);

#endif
