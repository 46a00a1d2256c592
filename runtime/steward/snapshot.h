/*
 * Where all threads are, at one moment or nearly so: a snapshot, written to the log when a
 * reader asks for one (abi/state.h) or the signal of DEEP_PROFILE_STACKS_SIGNAL comes.
 *
 * Threads are looked at one after the other (sampling/look.h), a slice of them at each tick, so
 * that no tick is late: the process is never stopped. One that runs answers a signal; one that
 * gets no processor for it is waited for, a second or two. Steward only.
 */
#ifndef DP_SNAPSHOT_H
#define DP_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_snapshot_init(void);

/* Continues the snapshot that is under way, or begins one that was asked for. True: call it again
 * soon. */
bool dp_snapshot_round(uint64_t now);

/* The process ends: a snapshot that is under way or asked for is dropped. */
void dp_snapshot_finish(void);

#endif
