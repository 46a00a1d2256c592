/*
 * Measures what a recorded call costs on this machine. Reports multiply it by the number of
 * slow paths to get the profiler's own cost. Measured once, when the runtime starts; takes
 * some tens of microseconds. A gate that opens for less (a count, a refused call) is
 * charged the same: reports rather overstate the cost than understate it.
 */
#ifndef DP_CALIBRATE_H
#define DP_CALIBRATE_H

#include <stdint.h>

/* Nanoseconds of a recorded call in its simplest form, both hooks. The least of several
 * batches, since any other work of the machine only adds to it. 0: not known. Call it when
 * the process is ours and no site is registered yet. */
uint64_t dp_calibrate(void);

#endif
