/*
 * Samples the process and its machine (machine_files.h) so often as DEEP_PROFILE_MACHINE says,
 * and writes `machine` records. As the process ages, a record covers several samples: 1024 for
 * each time that the age grows by a factor of e, so that one that runs for weeks keeps a small
 * log. A sample takes at most 1/1000 of a processor: where it costs more, it comes less often.
 * Steward only; it wakes nobody, and comes with a wake-up that there is anyway.
 */
#ifndef DP_MACHINE_STEWARD_H
#define DP_MACHINE_STEWARD_H

#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_machine_init(void);
/* Takes a sample if one is due. */
void dp_machine_round(uint64_t now);
/* The last sample and the last record. */
void dp_machine_finish(uint64_t now);

#endif
