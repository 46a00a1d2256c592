/*
 * What a recorded call costs on this machine: the profiler's own cost in reports is
 * that, times the slow paths taken. Asked once, when the runtime starts; some tens of
 * microseconds. A gate that opens for less (a count, a call that is refused) is charged
 * as much: reports say rather too much than too little.
 */
#ifndef DP_CALIBRATE_H
#define DP_CALIBRATE_H

#include <stdint.h>

/* Nanoseconds of a recorded call in its simplest form, both hooks: the least of a
 * number of batches, for whatever else the machine does comes on top. 0: not known.
 * The process is ours, and no site is registered yet. */
uint64_t dp_calibrate(void);

#endif
