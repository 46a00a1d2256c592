/*
 * A process's log as a whole: its directory, the mapped state of the process in it
 * (base/facts.h) and the metadata that make it a trace.
 */
#ifndef DP_TRACE_H
#define DP_TRACE_H

#include <stdint.h>

/* Makes the directory of DEEP_PROFILE_OUT, the state and the metadata, and fills in the
 * facts; `rules` is DEEP_PROFILE as given. Chooses the trace's uuid. 0 or -errno: then
 * there is no log, and the facts stand in for its state. Also in a forked child. */
int dp_trace_open(const char *rules, uint8_t uuid[16]);

/* There will be no profile; the log that was opened says why. Returns `error`. */
int dp_trace_fail(int error);

/* The process ends, and the log is complete. */
void dp_trace_finish(void);

#endif
