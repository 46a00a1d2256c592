/*
 * A process's log as a whole: its directory, the mapped state of the process
 * (base/facts.h), and the metadata that make it a CTF trace.
 */
#ifndef DP_TRACE_H
#define DP_TRACE_H

#include <stdint.h>

/* Makes the directory of DEEP_PROFILE_OUT, the state and the metadata, fills in the facts,
 * and chooses the trace's uuid; `rules` is DEEP_PROFILE as given. 0 or -errno: then there
 * is no log, and the facts take the place of its state. Also in a forked child. */
int dp_trace_open(const char *rules, uint8_t uuid[16]);

/* Ends a log that was opened but will have no profile; it says why. Returns `error`. */
int dp_trace_fail(int error);

/* The process ends, and the log is complete. */
void dp_trace_finish(void);

#endif
