/*
 * DEEP_PROFILE_EVENTS: the log's events as JSON lines while the program runs.
 *
 * The steward reads the streams back from their files, behind their commit
 * words, as any reader does: the threads that record do not know about it. No
 * descriptor stays open. Lines of one thread come in order, threads in batches.
 */
#ifndef DP_SINK_H
#define DP_SINK_H

#include <stdbool.h>

/* `path` "": no sink. Absolute, expanded. */
void dp_sink_init(const char *path);
/* Writes what was committed since the last time, for a fraction of a tick; true
 * when more is left. Steward only. */
bool dp_sink_feed(void);
/* The rest, and the counts of threads that still run. */
void dp_sink_finish(void);

#endif
