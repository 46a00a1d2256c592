/*
 * What the kernel says of the process and its machine at one moment, gathered from the files of
 * /proc and of control groups (control_group.h) and from getrusage. Steward only. Opens and
 * closes each file: no descriptor stays.
 */
#ifndef DP_MACHINE_FILES_H
#define DP_MACHINE_FILES_H

#include "common/figures.h"

/*
 * `figures` has a value for each figure that is known: of a LEVEL its value now, of a SUM all
 * that happened so far, of a SHARE the time in it so far, in microseconds. MACHINE_CPU is the
 * kernel's ticks that were not idle, of all_ticks.
 */
struct dp_machine_reading {
    uint64_t time_ns; /* monotonic */
    uint64_t all_ticks;
    struct dp_figures figures;
};

void dp_machine_read(struct dp_machine_reading *reading);

/* The figures of the time between two readings: SUMs and SHAREs in the units of machine.def. */
void dp_machine_between(const struct dp_machine_reading *before,
                        const struct dp_machine_reading *now, struct dp_figures *figures);

#endif
