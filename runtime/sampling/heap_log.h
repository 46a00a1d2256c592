/*
 * Writes sampled allocations and their releases into the process's stream. Steward only.
 *
 * An allocation is written only where its release has room, too, and reserves that room. So
 * every allocation that is in the log can have its release there.
 */
#ifndef DP_HEAP_LOG_H
#define DP_HEAP_LOG_H

#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_heap_log_init(void);
/* Writes what came in. Once a tick, and at the end. */
void dp_heap_log(uint64_t now);

#endif
